/* Finds and ranks pages in two languages.  It knows no DOM, and no store but this shape:
 *
 *   const matcher = createMatcher(
 *     [{ url, sections: [{ id, title: [zh, en], zh, en, code }] }],
 *     [{ title: [zh, en], also: [other names], url: its place in the glossary or none }],
 *     [simplified characters, the traditional ones in the same order],
 *   );
 *   const { hits, near, called, mark, excerpt } = matcher.search("為什麼 view 會失敗", "zh");
 *   const terms = matcher.suggest("grdaient");
 *
 * A text becomes a row of tokens: a Han character is one, a Latin word is one by its stem, a dotted
 * name is one for each part.  Chinese is looked up by pairs of characters, so that no list has to
 * know where a word ends.  Rare words weigh more, headings more than text, and words that stand in
 * a row more than the same words scattered.
 */
"use strict";

globalThis.createMatcher = (() => {
  const BREAK = "/"; // a row does not run on from one sentence into the next
  const TOKEN =
    /(\p{Script=Han})|([\p{Script=Latin}\p{Script=Greek}_][\p{Script=Latin}\p{Script=Greek}\d_]*)|\d+(?:\.\d+)*|([。！？；!?;\n]|\.(?=\s|$))/gu;
  const NAME_PART = /\p{Lu}?[\p{Ll}\d]+|\p{Lu}+(?!\p{Ll})/gu; // of requires_grad, of DataLoader
  const TRACEBACK = /^.*Traceback \(most recent call last\).*(?:Error|Exception|Warning): /s;
  const QUERY_LENGTH = 300; // longer ones say no more
  // In a message, what differs from one reader's machine to the next.
  const SHAPES = /[[({][^\])}]*\d[^\])}]*[\])}]/g;
  const NUMBERS = /(?<![\p{L}\d_.])\d[\d.,x]*(?![\p{L}\d_])/gu;
  const MESSAGE_WORDS = 6; // from so many on, a question is a message
  const END = /[。！？：.!?:]$/;
  const SENTENCE = /.+?(?:[。！？]|[.!?](?=\s)|$)\s*/g;

  const SUGGESTIONS = 5;
  const ALIKE = 0.25; // below it, two names have a letter in common by chance

  // Words that every page holds and no reader means.
  const FUNCTION_WORDS = new Set(
    (
      "a about am an and any are as at be been but by can could d did didn do does doesn doing don " +
      "for from get getting had has have how i if in into is isn it its ll m me my of on or our " +
      "please re s should so t than that the their them then there these they this to us use using " +
      "ve want was we were what when where which who why will with won would you your"
    ).split(" "),
  );
  const HAN_FUNCTION_WORDS =
    /為什麼|為甚麼|為何|怎麼樣|怎麼辦|怎麼|怎樣|如何|什麼|甚麼|哪裡|哪些|哪個|是否|可以|能不能|會不會|要不要|有沒有|應該|請問|到底|一個|這個|那個|我們/g;
  const HAN_FUNCTION_CHARACTERS = new Set("的了是在和與或嗎呢吧我你它們這那有會能要就都也被把讓給對於");

  // -- Text into tokens ---------------------------------------------------------------------

  /* Full width to half, 臺 to 台: one character for one, so that positions stay. */
  const fold = (text) =>
    text.replace(/[\uff01-\uff5e\u3000臺]/g, (character) => (character === "臺" ? "台" : character.normalize("NFKC")));

  /* English without its endings: accumulates, accumulating and accumulation become accumul. */
  const stem = (word) =>
    /^[a-z]{4,}$/.test(word)
      ? word
          .replace(/(?<![asu])s$/, "")
          .replace(/(?:ie|ied|ying|ication)$/, "y")
          .replace(/i[sz](?:ation|ing|ed|er|e)$/, "iz")
          .replace(/(?<=[aeiouy].*)(?<=...)(?:ation|ator|ating|ated|ate|ing|ion|ed|ly|e)$/, "")
          .replace(/([^aeiou])\1$/, "$1")
      : word;

  const tokenize = (text) =>
    Array.from(fold(text).matchAll(TOKEN), ({ 0: written, 1: han, 2: word = "", 3: stop, index }) => {
      const parts = word.match(NAME_PART) ?? [];
      return {
        key: stop ? BREAK : stem(written.toLowerCase()),
        word: written.toLowerCase(),
        parts: parts.length > 1 ? parts.map((part) => stem(part.toLowerCase())) : [],
        han: Boolean(han),
        start: index,
        end: index + written.length,
      };
    });

  const isNumber = (key) => /^\d/.test(key);

  /* Keys as one string, in which keys that stand in a row are a substring; numbers do not part them. */
  const row = (keys) => ` ${keys.join(" ")} `;

  /* The Han character and its right neighbour. */
  const pair = (tokens, i) => (tokens[i].han && tokens[i + 1]?.han ? tokens[i].key + tokens[i + 1].key : "");

  /* How many letters to change to make one word of the other; two swapped letters are one change. */
  const distance = (a, b) => {
    const table = Array.from({ length: a.length + 1 }, (_, i) => [i]);
    for (let j = 1; j <= b.length; j++) table[0][j] = j;
    for (let i = 1; i <= a.length; i++) {
      for (let j = 1; j <= b.length; j++) {
        const change = table[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
        table[i][j] = Math.min(change, table[i - 1][j] + 1, table[i][j - 1] + 1);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
          table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
    return table[a.length][b.length];
  };

  /* How alike two names are, from 0 to 1: the share of letters and pairs of letters in both. */
  const likeness = (a, b) => {
    const bits = (text) => [...text].flatMap((letter, i) => [letter, text.slice(i, i + 2)]);
    const [one, other] = [bits(a), bits(b)];
    const total = one.length + other.length;
    let shared = 0;
    for (const bit of one) {
      const place = other.indexOf(bit);
      if (place < 0) continue;
      other.splice(place, 1);
      shared += 1;
    }
    return (2 * shared) / total;
  };

  return (pages, glossary = [], [simplified, traditional] = ["", ""]) => {
    // -- The index: every section is a document, and so is every page as a whole ------------

    const documents = []; // { page, section or null, rows of the heading and the body, length }
    const postings = new Map(); // key → Map(document's number → [times in heading, times in body])
    const words = new Map(); // key of a Latin word → the word as it is written

    const addDocument = (page, section) => documents.push({ page, section, rows: ["", ""], length: 0 }) - 1;

    /* How often each key stands in a text. */
    const count = (tokens) => {
      const times = new Map();
      const add = (key) => times.set(key, (times.get(key) ?? 0) + 1);
      for (const [i, token] of tokens.entries()) {
        if (!token.han) words.set(token.key, token.word);
        add(token.key);
        add(pair(tokens, i));
        token.parts.forEach(add);
      }
      return times;
    };

    const post = (number, field, text) => {
      for (const [key, times] of text.times) {
        if (!postings.has(key)) postings.set(key, new Map());
        const posting = postings.get(key);
        if (!posting.has(number)) posting.set(number, [0, 0]);
        posting.get(number)[field] += times;
      }
      documents[number].length += text.length;
      documents[number].rows[field] += text.row;
    };

    const read = (text) => {
      const tokens = tokenize(text);
      const keys = tokens.map(({ key }) => key).filter((key) => !isNumber(key));
      return { times: count(tokens), length: tokens.length, row: row(keys) };
    };

    for (const page of pages) {
      const whole = addDocument(page, null);
      for (const section of page.sections) {
        const number = addDocument(page, section);
        const heading = read(section.title.join("\n"));
        const body = read([section.zh, section.en, section.code].flatMap((texts) => texts ?? []).join("\n"));
        post(number, 0, heading);
        post(number, 1, body);
        post(whole, section === page.sections[0] ? 0 : 1, heading);
        post(whole, 1, body);
      }
    }
    postings.delete(BREAK);
    postings.delete("");
    const meanLength = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;

    const rarity = (key) => {
      const count = postings.get(key)?.size ?? 0;
      return Math.log(1 + (documents.length - count + 0.5) / (count + 0.5));
    };

    /* Known words for an unknown one: those that it begins or is a part of (a word is half typed, or
     * written without its prefix), else those the fewest letters away. */
    const nearest = (key, word) => {
      const limit = key.length > 6 ? 2 : 1;
      const found = [];
      for (const known of words.keys()) {
        if (!postings.has(known)) continue;
        const written = words.get(known);
        const begun = known.startsWith(key) || written.startsWith(word);
        if (begun || (key.length > 3 && known.includes(key))) found.push([0, known]);
        else if (key.length > 3 && Math.abs(known.length - key.length) <= limit)
          found.push([Math.min(distance(key, known), distance(word, written)), known]);
      }
      const least = Math.min(limit, ...found.map(([away]) => away));
      const best = found.filter(([away]) => away === least).map(([, known]) => known);
      return best.sort((a, b) => postings.get(b).size - postings.get(a).size).slice(0, 3);
    };

    // -- Names from elsewhere ----------------------------------------------------------------

    const toTraditional = new Map([...simplified].map((character, i) => [character, [...traditional][i]]));

    /* A name → what it is called here, in its own script. */
    const isChinese = (name) => /\p{Script=Han}/u.test(name);
    const nameHere = new Map(
      glossary.flatMap(({ title: [zh, en], also }) => also.map((name) => [name, isChinese(name) ? zh : en])),
    );
    const longTerms = glossary
      .map(({ title }) => title[0])
      .filter((term) => /^\p{Script=Han}{4,}$/u.test(term)); // in a shorter one, who can tell what is wrong
    const longestFirst = [...nameHere.keys()].sort((a, b) => b.length - a.length);
    const otherName = new RegExp(
      longestFirst
        .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
        .map((name) => (isChinese(name) ? name : `(?<![\\p{L}\\d_.])${name}(?![\\p{L}\\d_.(])`))
        .join("|") || "(?!)",
      "giu",
    );

    // -- A query into terms, terms into scores ----------------------------------------------

    /* A term with one wrong character, and so with a pair that no page has → the term. */
    const mend = (text) => {
      for (const term of longTerms) {
        for (let i = 0; i + term.length <= text.length; i++) {
          const typed = text.slice(i, i + term.length);
          const wrong = [...term].filter((character, j) => character !== typed[j]).length;
          const pairs = [...typed].slice(1).map((character, j) => typed[j] + character);
          if (wrong === 1 && /^\p{Script=Han}+$/u.test(typed) && !pairs.every((two) => postings.has(two)))
            return [typed, term];
        }
      }
      return null;
    };

    /* The question in the words of these pages: simplified characters, other names, numbers of a
     * message; the names that were put for others, and for a slip of the hand. */
    const reword = (text) => {
      const called = new Map();
      let query = text
        .replace(/\p{Script=Han}/gu, (character) => toTraditional.get(character) ?? character)
        .replace(otherName, (name) => {
          const title = nameHere.get(name.toLowerCase());
          called.set(name, title);
          return title;
        });
      const slip = mend(query);
      if (slip) query = query.replace(...slip);
      const isMessage = (query.match(/[\p{L}_]{2,}/gu) ?? []).length >= MESSAGE_WORDS;
      if (isMessage) query = query.replace(SHAPES, " ").replace(NUMBERS, " ");
      return { query, called: [...called], slips: slip ? [slip] : [] };
    };

    /* What to look for, [{ keys, weight }], any of the keys will do; what stands in for typos. */
    const parse = (query) => {
      const terms = [];
      const near = [];
      const add = (keys, weight) => terms.push({ keys, weight: weight * Math.min(...keys.map(rarity)) });
      const said = tokenize(query).filter(({ key }) => key !== BREAK);
      const meant = tokenize(query.replace(HAN_FUNCTION_WORDS, (word) => " ".repeat(word.length))).filter(
        ({ key, word }) => key !== BREAK && !FUNCTION_WORDS.has(word),
      );
      const wanted = meant.length ? meant : said;
      for (let i = 0, end = 1; i < wanted.length; i = end++) {
        const { key, word, han, parts } = wanted[i];
        if (han) {
          while (wanted[end]?.han && wanted[end].start === wanted[end - 1].end) end++;
          const run = wanted.slice(i, end);
          const pairs = run.slice(1).map((_, j) => pair(run, j));
          const known = pairs.filter((one) => postings.has(one)); // the others lie across two words
          const keys = known.length ? known : run.map((token) => token.key);
          for (const one of keys) {
            const weak = [...one].some((character) => HAN_FUNCTION_CHARACTERS.has(character));
            add([one], (weak ? 0.2 : 1) / Math.sqrt(keys.length));
          }
          continue;
        }
        const others = postings.has(key) ? [] : nearest(key, word);
        if (others.length) {
          const known = words.get(others[0]);
          if (!known.includes(word)) near.push([word, known]);
          add(others, 0.7);
        } else {
          const keys = parts.length && !postings.has(key) ? parts : [key];
          for (const one of keys) add([one], 1 / Math.sqrt(keys.length));
        }
      }
      return { terms, near };
    };

    /* How much of the query stands in a row in a text, from 0 to 1: its longest run, by weight. */
    const inRow = (keys, weights, text) => {
      const words = weights.filter((weight) => weight).length;
      let best = 0;
      for (let i = 0, j = 0, sum = 0, count = 0; j < keys.length; j++) {
        sum += weights[j];
        count += weights[j] > 0;
        for (; i <= j && !text.includes(row(keys.slice(i, j + 1))); i++) {
          sum -= weights[i];
          count -= weights[i] > 0;
        }
        if (count > 1 || count === words) best = Math.max(best, sum);
      }
      return best;
    };

    /* [[document, score], …] of every document that holds a term. */
    const rank = (query, terms) => {
      const all = terms.reduce((sum, { weight }) => sum + weight, 0);
      const scores = new Map(); // document's number → [worth of the terms in it, share of them it holds]
      for (const { keys, weight } of terms) {
        const worths = new Map();
        for (const key of keys) {
          for (const [number, [heading, body]] of postings.get(key) ?? []) {
            const times = body / (0.7 + (0.3 * documents[number].length) / meanLength);
            const worth = weight * ((heading ? 2 : 0) + times / (times + 1));
            worths.set(number, Math.max(worth, worths.get(number) ?? 0));
          }
        }
        for (const [number, worth] of worths) {
          const [sum, share] = scores.get(number) ?? [0, 0];
          scores.set(number, [sum + worth, share + weight / all]);
        }
      }
      const tokens = tokenize(query.replace(/[\s。！？；.!?;]+$/, "")).filter(({ key }) => !isNumber(key));
      const weights = tokens.map(({ key, word }) =>
        key === BREAK || FUNCTION_WORDS.has(word) ? 0 : rarity(key),
      );
      const keys = tokens.map(({ key }) => key);
      const sum = weights.reduce((a, b) => a + b, 0);
      const shares = weights.map((weight) => weight / sum);
      return Array.from(scores, ([number, [worth, share]]) => {
        const [heading, body] = documents[number].rows.map((text) => inRow(keys, shares, text));
        return [documents[number], share ** 2 * (worth + all * (2 * heading ** 2 + body ** 2))];
      });
    };

    // -- What is shown of a hit -------------------------------------------------------------

    /* Cut a text into pieces, [[text, is it a hit?], …], and weigh what was found in it. */
    const cut = (terms, text) => {
      const weights = new Map(terms.flatMap(({ keys, weight }) => keys.map((key) => [key, weight])));
      const tokens = tokenize(text);
      const spans = [];
      const seen = new Set();
      for (const [i, token] of tokens.entries()) {
        const two = pair(tokens, i);
        const key = [two, token.key, ...token.parts].find((one) => weights.has(one));
        if (key === undefined) continue;
        seen.add(key);
        const end = key === two ? tokens[i + 1].end : token.end;
        const last = spans.at(-1);
        if (last && /^[ ._]?$/.test(text.slice(last.end, token.start))) last.end = end;
        else spans.push({ start: token.start, end });
      }
      const pieces = spans.flatMap(({ start, end }, i) => [
        [text.slice(spans[i - 1]?.end ?? 0, start), false],
        [text.slice(start, end), true],
      ]);
      pieces.push([text.slice(spans.at(-1)?.end ?? 0), false]);
      return { pieces, weight: [...seen].reduce((sum, key) => sum + weights.get(key), 0) };
    };

    /* The line of a section that answers best, in the reader's language where that does as well. */
    const excerpt = (terms, section, language) => {
      let best = null;
      for (const kind of [language, language === "zh" ? "en" : "zh", "code"]) {
        const lines = (section[kind] ?? []).flatMap((text) => text.split("\n"));
        for (const text of lines.flatMap((line) => (line.length < 200 ? [line] : line.match(SENTENCE)))) {
          const { pieces, weight } = cut(terms, text);
          const score = weight * (kind === language ? 2 : 1) * (END.test(text) ? 1.2 : 1); // no mere label
          if (text.trim() && !(score <= best?.score)) best = { kind, pieces, score };
        }
      }
      return best;
    };

    /* Pages that answer, best first, each with its sections; `language` is the reader's: zh or en. */
    const search = (text, language) => {
      const { query, called, slips } = reword(text.replace(TRACEBACK, "").slice(0, QUERY_LENGTH));
      const { terms, near } = parse(query);
      const found = new Map();
      for (const [{ page, section }, score] of rank(query, terms)) {
        if (!found.has(page)) found.set(page, { page, score: 0, sections: [] });
        if (section) found.get(page).sections.push({ section, score });
        else found.get(page).score = score;
      }
      const hits = [...found.values()];
      for (const hit of hits) {
        hit.sections.sort((a, b) => b.score - a.score);
        hit.score = 2 * hit.score + hit.sections[0].score;
      }
      hits.sort((a, b) => b.score - a.score);
      return {
        hits: hits.filter(({ score }, i) => i < 5 || score > 0.05 * hits[0].score),
        near: [...slips, ...near],
        called,
        mark: (text) => cut(terms, text).pieces,
        excerpt: (section) => excerpt(terms, section, language),
      };
    };

    /* The entries of the glossary whose names are most like what was asked, best first. */
    const suggest = (text) => {
      const query = reword(text).query.trim().toLowerCase();
      return glossary
        .filter(({ url }) => url)
        .map((term) => {
          const names = [...term.title, ...term.also];
          return [Math.max(...names.map((name) => likeness(query, name.toLowerCase()))), term];
        })
        .filter(([alike]) => alike >= ALIKE)
        .sort(([a], [b]) => b - a)
        .slice(0, SUGGESTIONS)
        .map(([, term]) => term);
    };

    return { search, suggest };
  };
})();

/** The same rules for words as the server's: what is sent, with its mark, and how long it is. */

/** Return `text` as it will be sent: composed, without invisible characters, trimmed. */
export function clean(text) {
  return text
    .replaceAll("\r\n", "\n")
    .normalize("NFC")
    .split("\n")
    .map((line) => line.replaceAll("\t", " ").replace(/\p{C}/gu, "").trimEnd())
    .join("\n")
    .trim();
}

/** Return how many characters a reader counts. */
export const characters = (text) => [...text].length;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Return the cleaned `text` with the mark of its environment first. */
export function marked(text, mark) {
  if (!mark || !text) return text;
  const [tag, sentence] = mark;
  const carries = new RegExp(`^(\\[[^\\]\\n]{1,20}\\]\\s*)?${escaped(tag)}\\s*${escaped(sentence)}`, "u");
  return carries.test(text) ? text : `${tag} ${sentence} ${text}`;
}

/** Return `text` without the mark of any environment (of `marks`), which is put there when it is sent. */
export function unmarked(text, marks, language) {
  for (const by of Object.values(marks)) {
    const start = `${by[language].join(" ")} `;
    if (text.startsWith(start)) return text.slice(start.length);
  }
  return text;
}

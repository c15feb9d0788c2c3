import MarkdownIt from "markdown-it";

// As GitHub reads it: HTML and bare addresses are live, and names of hosts are taken for more than GitHub takes them.
const parser = new MarkdownIt({ html: true, linkify: true });

type Token = ReturnType<typeof parser.parse>[number];

/** What a comment is made of, to a parser of CommonMark and of GitHub's tables. */
export interface ReadMarkdown {
  /** What is in it that a review must not have: a link, foreign HTML, an open fence. */
  readonly problems: readonly string[];
  /** Contents of code spans, in order. */
  readonly codes: readonly string[];
  /** Contents of Mermaid's fences. */
  readonly pictures: readonly string[];
  /** Cells of each row of each table, as texts. */
  readonly rows: readonly (readonly string[])[];
  readonly headings: readonly string[];
}

const BLOCKS =
  /^(paragraph|bullet_list|list_item|table|thead|tbody|tr|th|td|heading)_(open|close)$|^(inline|html_block|fence)$/;
const INLINES = /^(text|code_inline|softbreak|strong_(open|close))$/;
/** All that stands outside of code: nothing of it is a mention, a reference, an address, an icon or a formula. */
const WORDS = /^[A-Za-z0-9 .,;:!?()'"%–—→×…-]*$/;
const LIVE = /\bGH-\d|\b[0-9a-f]{7,40}\b|\bwww\.|:[a-z_]+:|[a-z]:\/\//i;
const SUMMARY = /^<details><summary>[A-Za-z0-9 ]+( in (\(empty\)|<code>[^<>]+<\/code>))?<\/summary>$/;

export function readMarkdown(markdown: string): ReadMarkdown {
  const problems: string[] = [];
  const complain = (what: string, token: Token) =>
    problems.push(`${what}: ${JSON.stringify(token.content || token.markup || token.type).slice(0, 200)}`);
  const [codes, pictures, headings]: string[][] = [[], [], []];
  const rows: string[][] = [];
  let depth = 0;
  const inline = (token: Token) => {
    if (INLINES.test(token.type) === false) complain(`a ${token.type}`, token);
    if (token.type === "code_inline") codes?.push(token.content);
    if (token.type === "text" && (!WORDS.test(token.content) || LIVE.test(token.content))) {
      complain("text that may be live", token);
    }
  };
  const html = (token: Token) => {
    for (const line of token.content.trimEnd().split("\n")) {
      if (SUMMARY.test(line)) depth++;
      else if (line === "</details>") depth--;
      else complain("foreign HTML", token);
      if (depth < 0 || depth > 1) complain("details within details", token);
    }
  };
  let [inHeading, inCell] = [false, false];
  const tokens = parser.parse(markdown, {});
  for (const token of tokens) {
    if (!BLOCKS.test(token.type)) complain(`a ${token.type}`, token);
    if (token.type === "heading_open" && token.tag !== "h3") complain("a foreign heading", token);
    if (token.type === "tr_open") rows.push([]);
    if (token.type.startsWith("heading_")) inHeading = token.type === "heading_open";
    if (/^t[hd]_/.test(token.type)) inCell = token.type.endsWith("_open");
    if (token.type === "html_block") html(token);
    if (token.type === "fence") {
      if (token.info !== "mermaid" || !token.markup.startsWith("```")) complain("a foreign fence", token);
      pictures?.push(token.content);
      const [from = 0, to = 0] = token.map ?? [];
      if (markdown.split("\n")[to - 1] !== "```" || to - from < 3) complain("an open fence", token);
    }
    if (token.type === "inline") {
      token.children?.forEach(inline);
      const text = token.children?.map(({ content }) => content).join("") ?? "";
      if (inHeading) headings?.push(text);
      if (inCell) rows.at(-1)?.push(text);
    }
  }
  if (depth !== 0) problems.push("details stay open");
  return { problems, codes: codes ?? [], pictures: pictures ?? [], rows, headings: headings ?? [] };
}

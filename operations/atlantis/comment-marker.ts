/**
 * First line of a step's output that is Markdown. The generated templates of Atlantis print what follows it as Markdown,
 * and everything else in a code block: a step that fails half-way, and Terraform's own words, format nothing.
 */
export const MARKDOWN_MARKER = "<!-- skyline: markdown -->";

/** Text that was made safe to stand in a page. */
export interface Html {
  readonly html: string;
}

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const safe = (value: string): string => value.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);

type Part = Html | string | number | readonly Html[];

const shown = (part: Part): string => {
  if (typeof part === 'string') return safe(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(({ html: each }) => each).join('');
};

/** A piece of a page: whatever is put in is text, unless it is a piece of a page itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: strings.reduce((text, string, at) => text + shown(parts[at - 1] ?? '') + string),
});

/** Markup that was made elsewhere, such as a chart. */
export const markup = (text: string): Html => ({ html: text });

/** A table with a head, which a narrow screen scrolls by itself. Cells are text. */
export const htmlTable = (head: readonly string[], rows: readonly (readonly string[])[]): Html =>
  html`<div class="wide" tabindex="0"><table><thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;

const style = `
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5b6b7b; --line: #d5dde5; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9aa9b8; --line: #34404c; --ground: #12171d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; } .wide { overflow-x: auto; } td { min-width: 3.5rem; } td:first-child { min-width: 8rem; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } .charts figure { margin: 0; flex: 1 1 min(24rem, 100%); min-width: 0; } .charts svg { --plot-background: transparent; width: 100%; height: auto; }
figcaption, .faint { color: var(--faint); } .promise { font-size: 1.1rem; border-left: 4px solid #2f7d6b; padding-left: 1rem; }
`;

/** A whole page that loads nothing from elsewhere and runs nothing. */
export const page = (title: string, body: Html): string =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><title>${safe(title)}</title><style>${style}</style></head><body>${body.html}</body></html>\n`;

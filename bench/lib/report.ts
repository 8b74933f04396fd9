/**
 * Decides where results go: Markdown on stdout as it comes and in bench/results, charts beside it; with `record`,
 * charts also in bench/charts, the tables in bench/README.md, the digest in the project's README and what a page of docs/
 * shows there, all between markers. Knows nothing of what they say.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const results = new URL('../results/', import.meta.url);
const charts = new URL('../charts/', import.meta.url);
const readme = new URL('../README.md', import.meta.url);
const docs = new URL('../../docs/', import.meta.url);
const projectReadme = new URL('../../README.md', import.meta.url);

export class Report {
  private readonly sections: string[] = [];
  private shown: string | null = null;
  private readonly pages = new Map<string, string>();

  constructor(
    readonly name: string,
    private readonly record: boolean,
  ) {}

  add(markdown: string): void {
    this.sections.push(markdown);
    process.stdout.write(`${markdown}\n\n`);
  }

  /** What of it a reader of the project's README sees. */
  digest(markdown: string): void {
    this.shown = markdown;
  }

  /** What of it a page of docs/ shows. */
  page(name: string, markdown: string): void {
    this.pages.set(name, markdown);
  }

  async chart(name: string, svg: string): Promise<void> {
    const places = this.record ? [results, charts] : [results];
    for (const place of places) {
      await mkdir(place, { recursive: true });
      await writeFile(new URL(`${name}.svg`, place), svg);
    }
  }

  async save(): Promise<void> {
    const text = this.sections.join('\n\n');
    await mkdir(results, { recursive: true });
    await writeFile(new URL(`${this.name}.md`, results), `${text}\n`);
    if (!this.record) return;
    await replaceBetweenMarkers(readme, this.name, text);
    if (this.shown !== null) await replaceBetweenMarkers(projectReadme, this.name, this.shown);
    for (const [name, markdown] of this.pages)
      await replaceBetweenMarkers(new URL(name, docs), this.name, markdown);
  }
}

async function replaceBetweenMarkers(file: URL, name: string, text: string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const [start, end] = [`<!-- ${name}: start -->`, `<!-- ${name}: end -->`];
  const from = before.indexOf(start);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file.pathname} has no place for ${name}: ${start} … ${end}`);
  await writeFile(file, `${before.slice(0, from + start.length)}\n\n${text}\n\n${before.slice(to)}`);
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** Code that is written into a cell when somebody chooses a table or a column, in the language of the notebook. */
import { Manifest, Table } from './server';

export type Code = 'python' | 'r';

/** The column to group by: that with the fewest published values; else the first that is no key. */
function groupOf(table: Table, keys: readonly (string | null)[]): string {
  const columns = Object.entries(table.columns).filter(([name]) => !keys.includes(name));
  const values = columns.map(([name, column]) => ({ name, count: column.categories?.length ?? Infinity }));
  return values.sort((one, other) => one.count - other.count)[0]?.name ?? '1';
}

function statement(manifest: Manifest, name: string, indent: string): { query: string; by: string } {
  const { source, tables } = manifest.catalogue;
  const table = tables[name]!;
  const by = groupOf(table, [source.person_key, table.row_key]);
  const persons = manifest.tables[name]?.persons;
  const count = persons == null ? 'count(*) AS rows' : `count(DISTINCT ${source.person_key}) AS persons`;
  return { query: `SELECT ${by}, ${count}\n${indent}FROM ${name}\n${indent}GROUP BY ALL`, by };
}

export function select(manifest: Manifest, table: string, code: Code): string {
  const { query } = statement(manifest, table, '');
  return code === 'r' ? `library(bulle)\nsql("${query}")` : `import bulle\n\nbulle.sql("""${query}""")`;
}

export function release(manifest: Manifest, table: string, code: Code): string {
  const { query, by } = statement(manifest, table, '    ');
  const name = `${table}_by_${by}`.toLowerCase().replace(/[^a-z0-9_]/g, '_').slice(0, 40);
  return code === 'r'
    ? `library(bulle)\nrelease(\n    "${name}",\n    "${query}",\n    title = "",\n    protect = "suppress"\n)`
    : `import bulle\n\nbulle.release(\n    "${name}",\n    """${query}""",\n    title="",\n    protect="suppress",\n)`;
}

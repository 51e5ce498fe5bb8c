// @ts-check

/** Text in columns; numbers stand to the right. @param {readonly (readonly string[])[]} rows */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const numeric = widths.map((_, column) => rows.slice(1).every(row => /^(-|[\d.]+)$/.test(row[column] ?? '')))
  return rows
    .map(row =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

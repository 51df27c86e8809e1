/** When a day of a date field begins here, in seconds since 1970; `later` days after it. */
export function dayStart(date: string, later = 0): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return Math.floor(new Date(year, month - 1, day + later).getTime() / 1_000);
}

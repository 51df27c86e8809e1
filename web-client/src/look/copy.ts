/** Puts text on this person's clipboard; call it while a click is handled. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not a secure page, or refused: the older way works from a click.
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden-text';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** Gives the person a file. */

/** Saves text under a name that the browser may change. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download begins with the click, but not at once.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

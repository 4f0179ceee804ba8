/** The part of the address behind #, which says what is shown: `#games/JOB/GAME`. */

import { useEffect, useState } from 'preact/hooks';

/** The address of a view, for links. */
export function linkTo(...parts: readonly string[]): string {
  return `#${parts.map(encodeURIComponent).join('/')}`;
}

/** The parts of the address as it is now; none at the start. */
export function useRoute(): readonly string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return hash.length > 1 ? hash.slice(1).split('/').map(decodeURIComponent) : [];
}

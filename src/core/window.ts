/** How much both ends of a connection let be on its way, unread: without it, 64 KiB. */

/** Bytes on a connection, and of each call on it: with 100 ms each way 10 MB a second, which is 20,000 positions of 19×19. */
export const WINDOW_BYTES = 2 * 1024 * 1024;

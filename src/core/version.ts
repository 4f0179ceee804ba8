/** Generated from package.json by `npm run generate`: a program in one file has no package.json beside it. */
export const packageVersion = '0.1.0';

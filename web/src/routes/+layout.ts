// Everything is rendered in the browser: one static page serves every address.
export const ssr = false;

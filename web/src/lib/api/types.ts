/** The shapes of the API, generated from `openapi.json` by `npm run types`. */
export * from '#lib/api/generated/types.gen.ts';

/** The fields of a definition where the form shows what is wrong with them. */
import { LIMIT_FIELDS } from '#lib/admin/runtimes/definition.ts';

export const PLACES = [
  'name',
  'language',
  'description',
  'entry',
  'rank',
  'aliases',
  'extensions',
  'example',
  'example.expected_stdout',
  'self_test',
  'self_test.stdin',
  'self_test.expected_stdout',
  ...['run_limits', 'compile_limits'].flatMap((table) =>
    LIMIT_FIELDS.map(({ name }) => `${table}.${name}`),
  ),
];

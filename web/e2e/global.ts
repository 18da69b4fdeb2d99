/** One server for all journeys, with an administrator; each test makes the other people it needs. */
import { administrator } from './people.ts';
import { startServer } from './server.ts';

export default async function setUp(): Promise<() => Promise<void>> {
  const server = await startServer({
    RUNYARD_SIGN_UP: 'open',
    RUNYARD_ANONYMOUS: 'true',
    RUNYARD_ANONYMOUS_RUNS_PER_MINUTE: '10000',
    // They cost more than these few programs spare.
    RUNYARD_PREPARED_FILES: 'false',
  });
  process.env.RUNYARD_E2E_URL = server.url;
  const response = await fetch(`${server.url}/api/v1/auth/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ticket: server.setupTicket, ...administrator }),
  });
  if (response.status !== 201) {
    await server.stop();
    throw new Error(`No administrator was made: ${await response.text()}`);
  }
  return server.stop;
}

// An agent without a browser, which examines every access unit that it is sent: the load test's `watch`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { target } from '../system.mjs';

/** Joins by an agent's link. Gives what to ask it: `take`, what it saw since the last time; `heard`, what it should not have been told. */
export async function openWatcher(url, canary) {
  const child = spawn(join(target, 'debug', 'tandem-loadtest'), ['watch', '--url', url, '--canary', canary], { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = [];
  let said = '';
  let failed = null;
  child.stderr.on('data', (chunk) => (said += chunk));
  const over = new Promise((gone) => {
    const end = (why) => {
      failed ??= new Error(`the native agent ended (${why}): ${said}`);
      for (const { no } of waiting.splice(0)) no(failed);
      gone();
    };
    child.once('error', end);
    child.once('close', end);
  });
  // What is written to one that is gone is answered by its end.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.yes(JSON.parse(line)));
  const next = () => (failed ? Promise.reject(failed) : new Promise((yes, no) => waiting.push({ yes, no })));
  const ask = (what) => {
    child.stdin.write(`${what}\n`);
    return next();
  };
  const ready = next();
  const close = async () => {
    child.stdin.end();
    await over;
  };
  await ready;
  return { take: () => ask('take'), heard: async () => (await ask('heard')).heard, close };
}

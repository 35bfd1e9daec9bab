// `aegis mcp` as MCP Inspector's command line sees it: inspector.mjs AEGIS DIRECTORY.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { TOKEN, World } from './harness.mjs';

// The package names no file of its own that a program could import, so it is looked for where Node would.
const manifest = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector/package.json'));
const launcher = path.join(path.dirname(manifest), JSON.parse(fs.readFileSync(manifest, 'utf8')).bin['mcp-inspector']);

const [, , aegis, directory] = process.argv;
const world = await World.in(aegis, path.join(directory, 'inspector'), undefined);

// What Inspector prints, and how it ends.
function inspect(...given) {
  const { command, args } = world.command('aegis.toml');
  const options = { cwd: world.root, env: world.environment, timeout: 30_000, maxBuffer: 1 << 24 };
  return new Promise(done => {
    const child = execFile(process.execPath, [launcher, '--cli', command, ...args, ...given], options, (error, out, err) =>
      done({ code: error?.code ?? 0, out, err }),
    );
    child.stdin.end();
  });
}

const call = async (tool, args) => {
  const pairs = Object.entries(args).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]);
  return JSON.parse((await inspect('--method', 'tools/call', '--tool-name', tool, ...pairs)).out);
};

const checks = {
  'the schemas of all tools have no errors': async () => {
    const { code, out, err } = await inspect('--method', 'tools/list', '--strict');
    assert.equal(code, 0, err);
    assert.ok(JSON.parse(out).tools.some(tool => tool.name === 'aegis_run'));
  },
  'a call, and its effect': async () => {
    const result = await call('aegis_fs_write', { path: 'out/a.txt', content: 'written' });
    assert.equal(result.structuredContent.done, true);
    assert.equal(world.read('out/a.txt'), 'written');
  },
  'a denial': async () => {
    const result = await call('aegis_fs_read', { path: 'closed/diary.txt' });
    assert.ok(result.isError && result.structuredContent.kind === 'policy_denied' && result.content[0].text.includes('way out: '));
  },
  'a local-only file': async () => {
    const result = await call('aegis_fs_read', { path: 'secret/token' });
    assert.ok(result.structuredContent.local.content.handle && !JSON.stringify(result).includes(TOKEN));
  },
  resources: async () => {
    const { out } = await inspect('--method', 'resources/list');
    assert.equal(JSON.parse(out).resources.length, 3);
    const read = await inspect('--method', 'resources/read', '--uri', 'aegis://policy');
    assert.ok(JSON.parse(read.out).contents[0].text.includes('out/**'));
  },
  'the journal is whole': async () => {
    const verified = await world.aegisSays('audit', 'verify', world.journal);
    assert.equal(verified.code, 0, verified.text);
    assert.ok(world.records({ kind: 'call.end' }).length >= 3);
  },
};

let failed = 0;
for (const [what, run] of Object.entries(checks)) {
  try {
    await run();
    console.log(`ok   inspector: ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL inspector: ${what}\n${error.stack}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

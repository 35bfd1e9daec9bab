// `aegis mcp` as clients of the TypeScript SDK see it, in both lifecycles: checks.mjs AEGIS DIRECTORY.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import Ajv2020 from 'ajv/dist/2020.js';

import { LONG, PASSPHRASE, TOKEN, answering, check, checkAlone, runAll, until } from './harness.mjs';

const TOOLS = [
  'aegis_check', 'aegis_env', 'aegis_exec', 'aegis_fs_delete', 'aegis_fs_list', 'aegis_fs_read', 'aegis_fs_replace', 'aegis_fs_write',
  'aegis_http', 'aegis_more', 'aegis_run', 'aegis_tool_routing', 'aegis_why',
];
// What shows where nothing but reading is granted.
const READING = ['aegis_check', 'aegis_fs_list', 'aegis_fs_read', 'aegis_more', 'aegis_run', 'aegis_tool_routing', 'aegis_why'];

const names = async s => (await s.client.listTools()).tools.map(t => t.name).sort();

check('the tools that the policy grants, with schemas and hints', async s => {
  assert.deepEqual(await names(s), TOOLS);
  for (const t of (await s.client.listTools()).tools) {
    for (const schema of [t.inputSchema, t.outputSchema]) {
      assert.equal(schema.type, 'object');
      assert.ok(new Ajv2020({ strict: false }).validateSchema(schema));
    }
    assert.ok(t.description && t.annotations.title, t.name);
    assert.ok('readOnlyHint' in t.annotations && 'destructiveHint' in t.annotations, t.name);
  }
});

checkAlone('a tool that is not granted is not listed, and not there', async w => {
  await w.session(
    async s => {
      assert.deepEqual(await names(s), READING);
      await assert.rejects(s.client.callTool({ name: 'aegis_fs_write', arguments: { path: 'out/sly.txt', content: 'x' } }), /no such tool/);
      assert.ok(!w.exists('out/sly.txt'));
    },
    { policy: 'read-only.toml' },
  );
});

check('files: read, write, append, replace, list', async s => {
  const w = s.world;
  assert.equal((await s.call('aegis_fs_read', { path: 'notes.txt' })).ok().data.content, 'first line\nsecond line\n');
  (await s.call('aegis_fs_write', { path: 'out/new/a.txt', content: 'one\n' })).ok();
  (await s.call('aegis_fs_write', { path: 'out/new/a.txt', content: ['two ', 'parts'], append: true })).ok();
  assert.equal(w.read('out/new/a.txt'), 'one\ntwo parts');
  (await s.call('aegis_fs_replace', { path: 'out/new/a.txt', old: 'two', new: '2' })).ok();
  assert.equal(w.read('out/new/a.txt'), 'one\n2 parts');
  assert.deepEqual((await s.call('aegis_fs_list', { path: 'out/new' })).ok().data.names, ['a.txt']);
});

check('commands, requests, variables, questions, hints', async s => {
  const { web } = s.world;
  web.seen.length = 0;
  assert.equal((await s.call('aegis_exec', { argv: ['echo', 'a b', 'c'] })).ok().data.stdout, 'a b c\n');
  assert.equal((await s.call('aegis_exec', { argv: ['sleep', 'nonsense'] })).ok().data.exit_code, 1);
  assert.equal((await s.call('aegis_http', { url: `${web.url}/b`, json: { n: 1 }, headers: { 'X-One': '1' } })).ok().data.body, 'POST /b');
  assert.deepEqual(web.seen.map(r => [r.method, r.path, JSON.parse(r.body), r.headers['x-one']]), [['POST', '/b', { n: 1 }, '1']]);
  assert.equal((await s.call('aegis_env', { name: 'GREETING' })).ok().data.value, 'good morning');
  assert.equal((await s.call('aegis_why', { access: 'fs.write src/main.rs' })).ok().data.verdict, 'deny');
  assert.deepEqual((await s.call('aegis_tool_routing', { tool: 'web_search' })).ok().data.tools.web_search.use, ['aegis_http']);
});

check('scripts: output and result, arguments, a script that is not one', async s => {
  const script = "print('hello', args.who)\nfs.write('out/by-script.txt', args.who)\nresult = {'lines': 2}";
  const a = (await s.call('aegis_run', { script, args: { who: 'you' } })).ok();
  assert.deepEqual([a.data.output, a.data.result, s.world.read('out/by-script.txt')], ['hello you\n', { lines: 2 }, 'you']);
  assert.equal((await s.call('aegis_check', { script })).ok().data.ok, true);
  assert.equal((await s.call('aegis_check', { script: 'x = ' })).ok().data.ok, false);
});

check('a denial of each tool: nothing happens, and the answer says the way out', async s => {
  const w = s.world;
  w.web.seen.length = 0;
  const before = w.records({ kind: 'denied' }).length;
  const attempts = [
    ['aegis_fs_read', { path: 'closed/diary.txt' }],
    ['aegis_fs_write', { path: 'notes.txt', content: 'x' }],
    ['aegis_fs_replace', { path: 'notes.txt', old: 'first', new: 'x' }],
    ['aegis_fs_list', { path: 'closed' }],
    ['aegis_fs_delete', { path: 'notes.txt' }],
    ['aegis_exec', { argv: ['curl', w.web.url] }],
    ['aegis_http', { method: 'PUT', url: `${w.web.url}/x`, body: 'x' }],
    ['aegis_env', { name: 'HOME' }],
    ['aegis_run', { script: "p = 'notes' + '.txt'\nfs.write(p, 'x')" }],
  ];
  for (const [tool, args] of attempts) (await s.call(tool, args)).denied('policy_denied');
  assert.equal(w.read('notes.txt'), 'first line\nsecond line\n');
  assert.deepEqual(w.web.seen, []);
  assert.equal(w.records({ kind: 'denied' }).length, before + attempts.length);
});

// What a person's answer leads to, by tool.
async function approvals(w, action) {
  const asked = [];
  const got = {};
  w.write('out/doomed.txt', 'x');
  w.remove('out/touched.txt');
  await w.session(
    async s => {
      got.touched = await s.call('aegis_exec', { argv: ['touch', 'out/touched.txt'] });
      got.deleted = await s.call('aegis_fs_delete', { path: 'out/doomed.txt' });
    },
    { answer: action && answering(action, asked) },
  );
  const given = w.records({ kind: 'approval' }).slice(-2).map(record => [record.answer, record.by]);
  return { ...got, asked, given };
}

checkAlone('an approval that the person gives', async w => {
  const { touched, deleted, asked, given } = await approvals(w, 'accept');
  touched.ok();
  deleted.ok();
  assert.ok(w.exists('out/touched.txt') && !w.exists('out/doomed.txt'));
  assert.ok(asked.length === 2 && asked[0].includes('out/touched.txt') && asked[1].includes('out/doomed.txt'), asked.join());
  assert.deepEqual(given, [['yes', 'elicitation'], ['yes', 'elicitation']]);
});

checkAlone('an approval that is declined, cancelled, or that nobody can give', async w => {
  for (const action of ['decline', 'cancel', undefined]) {
    const { touched, deleted, asked, given } = await approvals(w, action);
    touched.denied('approval_denied', { wayOut: false });
    deleted.denied('approval_denied', { wayOut: false });
    assert.ok(!w.exists('out/touched.txt') && w.exists('out/doomed.txt'), action);
    assert.equal(asked.length, action ? 2 : 0);
    assert.deepEqual(given, Array(2).fill(['no', action ? 'elicitation' : 'nobody']));
  }
});

checkAlone('a script that asks twice goes on after each answer', async w => {
  const asked = [];
  const script = "print('a')\nsubprocess.exec(['touch', 'out/t1'])\nprint('b')\nsubprocess.exec(['touch', 'out/t2'])\nresult = 'done'";
  await w.session(
    async s => {
      const a = (await s.call('aegis_run', { script })).ok();
      assert.deepEqual([a.data.output, a.data.result], ['a\nb\n', 'done']);
    },
    { answer: answering('accept', asked) },
  );
  assert.ok(asked.length === 2 && w.exists('out/t1') && w.exists('out/t2'));
});

// Begins a call that sleeps, and cancels it.
async function cancelled(s, tool, args, seconds) {
  const before = s.world.ends(tool).length;
  const stop = new AbortController();
  const call = s.call(tool, args, { signal: stop.signal }).catch(error => error);
  await until(() => s.processes('sleep', seconds).length === 1, 'the command runs');
  stop.abort('enough');
  await until(() => s.processes('sleep', seconds).length === 0, 'the command is gone', 2);
  assert.ok((await call) instanceof Error);
  await until(() => s.world.ends(tool).length === before + 1, 'the journal has the end of the call', 2);
  assert.notEqual(s.world.ends(tool).at(-1).status, 'ok');
  (await s.call('aegis_fs_read', { path: 'notes.txt' })).ok();
}

check('a cancelled command is gone within 2 s, and the journal has its end', s => cancelled(s, 'aegis_exec', { argv: ['sleep', '81'] }, '81'));

check('a cancelled script is gone within 2 s with its command, and the journal has its end', s =>
  cancelled(s, 'aegis_run', { script: "subprocess.exec(['sleep', '82'])" }, '82'));

check('progress on a long run', async s => {
  const heard = [];
  const onprogress = progress => heard.push(progress.progress);
  (await s.call('aegis_run', { script: "subprocess.exec(['sleep', '2.5'])" }, { onprogress })).ok();
  assert.ok(heard.length >= 2 && heard[0] < heard[1], heard.join());
});

check('a local-only file is a handle, which goes only where the file may go', async s => {
  const w = s.world;
  w.web.seen.length = 0;
  const a = (await s.call('aegis_fs_read', { path: 'secret/token' })).ok();
  const { handle, sources } = a.data.local.content;
  assert.deepEqual([a.data.content, sources, a.text.includes(TOKEN)], ['[REDACTED]', ['file:secret/**'], false]);
  const local = { local: handle };

  (await s.call('aegis_fs_write', { path: 'private/copy', content: ['token=', local] })).ok();
  assert.equal(w.read('private/copy'), `token=${TOKEN}`);

  (await s.call('aegis_fs_write', { path: 'out/leak.txt', content: local })).denied('flow_denied');
  assert.ok(!w.exists('out/leak.txt'));
  (await s.call('aegis_http', { url: w.web.url, headers: { Authorization: ['Bearer ', local] } })).denied('flow_denied');
  assert.deepEqual(w.web.seen, []);
  (await s.call('aegis_exec', { argv: ['echo', local] })).denied('flow_denied');

  const script = "print('is:', args.token)\nfs.write('private/by-script', 'x' + args.token)";
  const ran = (await s.call('aegis_run', { script, args: { token: local } })).ok();
  assert.equal(w.read('private/by-script'), `x${TOKEN}`);
  assert.ok(ran.data.output.includes('[REDACTED]'), ran.data.output);
  assert.equal((await s.call('aegis_env', { name: 'PASSPHRASE' })).ok().data.value, '[REDACTED]');
});

check('a long answer is cut, and read on until it is whole', async s => {
  let a = (await s.call('aegis_fs_read', { path: 'long.txt' })).ok();
  let whole = a.data.content;
  assert.ok(a.data.more && a.text.includes('aegis_more'));
  while (a.data.more) {
    a = (await s.call('aegis_more', { id: a.data.more.id, offset: a.data.more.offset })).ok();
    whole += a.data.text;
  }
  assert.ok(whole === LONG, `${whole.length} of ${LONG.length}`);
});

check('resources, with nothing in them of what is closed or local-only', async s => {
  const listed = (await s.client.listResources()).resources.map(r => r.uri).sort();
  assert.deepEqual(listed, ['aegis://builtins', 'aegis://capabilities', 'aegis://policy']);
  for (const uri of listed) {
    const { text } = (await s.client.readResource({ uri })).contents[0];
    assert.ok(text.includes(uri === 'aegis://builtins' ? 'fs.write' : 'out/**'));
    if (uri === 'aegis://builtins') continue;
    for (const hidden of ['closed', 'secret/', 'private', 'PASSPHRASE', 'deny']) assert.ok(!text.includes(hidden), `${uri}: ${hidden}`);
  }
});

check('a script without end, one without measure and one without bottom: an error each, and the server answers', async s => {
  for (const script of [
    'def f():\n    for i in range(1000000000):\n        pass\nf()',
    "x = ['a' * 1000000]\nfor i in range(40):\n    x = x + x\n    x = x + ['b' * (1000000 + i)]",
    'def f(n):\n    return 1 + f(n + 1)\nf(0)',
  ]) {
    (await s.call('aegis_run', { script })).denied('limit', { wayOut: false });
    assert.equal((await s.call('aegis_run', { script: '1 + 1' })).ok().data.result, 2);
  }
});

check('50 calls at once, each with its own answer', async s => {
  const one = async n =>
    n % 2
      ? (await s.call('aegis_run', { script: `result = ${n} * 2` })).ok().data.result
      : Number((await s.call('aegis_exec', { argv: ['echo', String(n * 2)] })).ok().data.stdout);
  const all = Array.from({ length: 50 }, (_, n) => n);
  assert.deepEqual(await Promise.all(all.map(one)), all.map(n => n * 2));
});

checkAlone('a session that ends in the middle of a call takes the call with it', async w => {
  let call;
  let closed;
  await w.session(async s => {
    call = s.call('aegis_exec', { argv: ['sleep', '83'] }).catch(error => error);
    await until(() => s.processes('sleep', '83').length === 1, 'the command runs');
    closed = Date.now();
  });
  const took = Date.now() - closed;
  const got = await call;
  assert.ok(got instanceof Error || got.failed);
  // the client's library kills a server that is still there after two seconds
  assert.ok(took < 2000, `${took} ms`);
  assert.notEqual(w.ends('aegis_exec').at(-1).status, 'ok');
});

// The status of a request with these headers and no others.
const asked = (url, given) =>
  new Promise((done, fail) => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...given };
    const request = http.request(url, { method: 'POST', headers }, response => {
      response.destroy();
      done(response.statusCode);
    });
    request.on('error', fail);
    request.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
  });

checkAlone('HTTP: only with the token, only from this machine', async w => {
  await w.httpServer(async (url, token) => {
    const Authorization = `Bearer ${token}`;
    assert.equal(await asked(url, {}), 401);
    assert.equal(await asked(url, { Authorization: `Bearer ${'0'.repeat(token.length)}` }), 401);
    assert.equal(await asked(url, { Authorization, Origin: 'https://evil.example' }), 403);
    assert.equal(await asked(url, { Authorization, Host: 'evil.example' }), 403);
    assert.equal(await asked(url, { Authorization }), 200);
    await assert.rejects(w.httpClient(() => {}, url, 'not the token'));
  });
});

checkAlone('HTTP: two clients at once, approvals, cancellation, handles', async w => {
  const questions = [];
  w.write('out/doomed.txt', 'x');
  await w.httpServer((url, token) =>
    w.httpClient(
      one =>
        w.httpClient(
          async two => {
            const calls = Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two).call('aegis_run', { script: `result = ${n}` }));
            assert.deepEqual((await Promise.all(calls)).map(a => a.ok().data.result), calls.map((_, n) => n));
            (await two.call('aegis_fs_delete', { path: 'out/doomed.txt' })).denied('approval_denied', { wayOut: false });
            assert.ok(w.exists('out/doomed.txt'));
            (await one.call('aegis_fs_delete', { path: 'out/doomed.txt' })).ok();
            assert.ok(!w.exists('out/doomed.txt') && questions.length === 1);
            const a = (await one.call('aegis_fs_read', { path: 'secret/token' })).ok();
            assert.ok(!JSON.stringify([a.text, a.data]).includes(TOKEN));
            await cancelled(one, 'aegis_exec', { argv: ['sleep', '84'] }, '84');
            (await two.call('aegis_fs_read', { path: 'notes.txt' })).ok();
          },
          url,
          token,
        ),
      url,
      token,
      answering('accept', questions),
    ));
});

checkAlone('the journal is whole, names the client, and has no content', async w => {
  const verified = await w.aegisSays('audit', 'verify', w.journal);
  assert.equal(verified.code, 0, verified.text);
  const runs = kind => w.records({ kind }).map(record => record.run).sort();
  assert.deepEqual(runs('call.start'), runs('call.end'));
  assert.equal(w.records({ kind: 'session.start' }).length, w.records({ kind: 'session.end' }).length);
  const clients = new Set(w.records({ kind: 'call.start' }).map(record => record.client));
  assert.ok(clients.size === 1 && [...clients][0].startsWith('typescript-'), [...clients].join());
  const text = fs.readFileSync(w.journal, 'utf8');
  assert.ok(!text.includes(TOKEN) && !text.includes(PASSPHRASE));
});

checkAlone('no secret was in anything that a server said', async w => {
  const notes = path.join(w.directory, 'notes');
  const files = fs.readdirSync(notes, { recursive: true }).filter(name => /\.(wire|err)$/.test(name));
  const said = files.map(name => fs.readFileSync(path.join(notes, name), 'latin1')).join('\n');
  assert.ok(said.length > 100_000);
  for (const secret of [TOKEN, PASSPHRASE]) {
    const forms = [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 20), [...secret].reverse().join('')];
    for (const form of forms) assert.ok(!said.includes(form), form);
  }
});

const [, , aegis, directory] = process.argv;
process.exit((await runAll(aegis, directory)) ? 0 : 1);

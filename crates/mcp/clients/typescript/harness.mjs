// The project that clients work on, the server they talk to, and what can be seen of both from outside.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import Ajv2020 from 'ajv/dist/2020.js';
import * as two from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioTwo } from '@modelcontextprotocol/client/stdio';
import { Client as ClientOne } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioOne } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpOne } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const CLIENTS = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const TOKEN = 'tok-93b1e07c5da2f846';
export const PASSPHRASE = 'battery-horse-correct-1399';
export const LONG = Array.from({ length: 4000 }, (_, n) => `${String(n).padStart(6, '0')} äöü€😀 line of a long file\n`).join('');

// Both lines of the SDK: the first knows the lifecycle that begins with initialize, the second that of 2026-07-28.
export const LINES = {
  'sdk 1, initialize': {
    client(answer) {
      const client = new ClientOne({ name: 'typescript-one', version: '1' }, { capabilities: answer ? { elicitation: {} } : {} });
      if (answer) client.setRequestHandler(ElicitRequestSchema, answer);
      return client;
    },
    call: (client, asked, options) => client.callTool(asked, undefined, options),
    Stdio: StdioOne,
    Http: HttpOne,
    era: client => client.getProtocolEra?.() ?? 'legacy',
    expected: 'legacy',
  },
  'sdk 2, 2026-07-28': {
    client(answer) {
      const options = { capabilities: answer ? { elicitation: {} } : {}, versionNegotiation: { mode: 'auto' } };
      const client = new two.Client({ name: 'typescript-two', version: '1' }, options);
      if (answer) client.setRequestHandler('elicitation/create', answer);
      return client;
    },
    call: (client, asked, options) => client.callTool(asked, options),
    Stdio: StdioTwo,
    Http: two.StreamableHTTPClientTransport,
    era: client => client.getProtocolEra(),
    expected: 'modern',
  },
};

// A host that the policy names; it remembers all that it was asked.
async function webServer() {
  const seen = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, path: request.url, headers: request.headers, body });
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  server.unref();
  return { seen, port: server.address().port, url: `http://127.0.0.1:${server.address().port}` };
}

// A project in a directory of its own, with a journal beside it.
export class World {
  static async in(aegis, directory, line) {
    const world = new World();
    Object.assign(world, { aegis, line, directory, root: path.join(directory, 'project'), journal: path.join(directory, 'journal.jsonl') });
    world.web = await webServer();
    world.servers = 0;
    fs.cpSync(path.join(CLIENTS, 'project'), world.root, { recursive: true });
    for (const made of ['out', 'secret', 'closed']) fs.mkdirSync(path.join(world.root, made));
    fs.mkdirSync(path.join(directory, 'home'));
    world.write('aegis.toml', world.read('aegis.toml.in').replaceAll('@PORT@', world.web.port));
    world.write('secret/token', TOKEN);
    world.write('closed/diary.txt', 'dear diary');
    world.write('long.txt', LONG);
    world.write('out/draft.txt', 'draft');
    return world;
  }

  read = file => fs.readFileSync(path.join(this.root, file), 'utf8');
  write = (file, text) => fs.writeFileSync(path.join(this.root, file), text);
  exists = file => fs.existsSync(path.join(this.root, file));
  remove = file => fs.rmSync(path.join(this.root, file), { force: true });

  get environment() {
    return { HOME: path.join(this.directory, 'home'), PATH: process.env.PATH, GREETING: 'good morning', PASSPHRASE };
  }

  records(wanted) {
    if (!fs.existsSync(this.journal)) return [];
    const lines = fs.readFileSync(this.journal, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
    return lines.filter(record => Object.entries(wanted).every(([name, value]) => record[name] === value));
  }

  // The call.end records of a tool's calls, in the order in which they ended.
  ends(tool) {
    const runs = new Set(this.records({ kind: 'call.start', tool }).map(record => record.run));
    return this.records({ kind: 'call.end' }).filter(record => runs.has(record.run));
  }

  command(policy, ...more) {
    const notes = path.join(this.directory, 'notes', String(++this.servers));
    fs.mkdirSync(notes, { recursive: true });
    const served = [this.aegis, 'mcp', '--policy', path.join(this.root, policy), '--audit', this.journal, ...more];
    return { notes, command: path.join(CLIENTS, 'watched'), args: [notes, ...served] };
  }

  // A client of a server on standard input and output. At the end the server must be gone, with all it started.
  async session(use, { answer, policy = 'aegis.toml', args = [] } = {}) {
    const { notes, ...command } = this.command(policy, ...args);
    const client = this.line.client(answer);
    const transport = new this.line.Stdio({ ...command, env: this.environment, cwd: this.root, stderr: 'inherit' });
    await client.connect(transport);
    let family = [];
    try {
      const session = new Session(this, client, notes);
      assert.equal(this.line.era(client), this.line.expected);
      await use(session);
      family = [...session.family(), ...session.servers().map(running)];
    } finally {
      await client.close();
    }
    await ended(notes, family);
  }

  // A server on loopback: its address and its token.
  async httpServer(use) {
    const file = path.join(this.directory, 'mcp.token');
    const { notes, command, args } = this.command('aegis.toml', '--http', '127.0.0.1:0', '--token-file', file);
    const started = spawn(command, args, { env: this.environment, cwd: this.root, stdio: ['ignore', 'inherit', 'inherit'] });
    try {
      const said = await until(() => /serving at (\S+)/.exec(errors(notes)), 'the server says where it is');
      await use(said[1], fs.readFileSync(file, 'utf8'));
      const family = descendants(started.pid);
      started.kill();
      await ended(notes, family);
    } finally {
      started.kill();
    }
  }

  async httpClient(use, url, token, answer) {
    const client = this.line.client(answer);
    await client.connect(new this.line.Http(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }));
    try {
      await use(new Session(this, client));
    } finally {
      await client.close();
    }
  }

  // What `aegis` says to these arguments.
  aegisSays = (...args) => new Promise(done => execFile(this.aegis, args, (error, out, err) => done({ code: error?.code ?? 0, text: out + err })));
}

// A client at work. What it gets is held against the schema of the tool, whether or not it is an error.
class Session {
  constructor(world, client, notes) {
    Object.assign(this, { world, client, notes });
  }

  async call(tool, args = {}, options = {}) {
    this.schemas ??= this.client.listTools().then(({ tools }) => new Map(tools.map(t => [t.name, schema(t.outputSchema)])));
    const result = await this.world.line.call(this.client, { name: tool, arguments: args }, options);
    const fits = (await this.schemas).get(tool);
    assert.ok(fits(result.structuredContent), JSON.stringify(fits.errors));
    return new Answer(result);
  }

  servers() {
    const open = fs.readdirSync(this.notes).filter(name => name.endsWith('.pid') && !fs.existsSync(path.join(this.notes, name.replace('.pid', '.exit'))));
    return open.map(name => Number(fs.readFileSync(path.join(this.notes, name), 'utf8')));
  }

  // All processes below the server; below this test, where the server is not the client's own.
  family = () => (this.notes ? this.servers().flatMap(descendants) : descendants(process.pid));

  // The processes that run this command.
  processes(...argv) {
    const line = argv.join('\0') + '\0';
    return this.family().filter(one => quietly(() => fs.readFileSync(`/proc/${one.pid}/cmdline`, 'utf8')) === line);
  }
}

// What tells whether a value fits a schema. Making it takes a while, and the same schemas come in every session.
const made = new Map();
function schema(given) {
  const text = JSON.stringify(given);
  if (!made.has(text)) made.set(text, new Ajv2020({ strict: false }).compile(given));
  return made.get(text);
}

class Answer {
  constructor(result) {
    this.failed = Boolean(result.isError);
    this.text = result.content.map(block => block.text).join('');
    this.data = result.structuredContent;
  }

  ok() {
    assert.ok(!this.failed, this.text);
    return this;
  }

  // An error of that kind, which a model can read and a program can tell from others.
  denied(kind, { wayOut = true } = {}) {
    assert.ok(this.failed && this.data.kind === kind, `${kind} expected: ${this.text} ${JSON.stringify(this.data)}`);
    assert.ok('rule' in this.data && 'suggestion' in this.data, JSON.stringify(this.data));
    if (wayOut) assert.ok(this.data.suggestion && this.text.includes(`way out: ${this.data.suggestion}`), this.text);
    return this;
  }
}

const quietly = what => {
  try {
    return what();
  } catch {
    return undefined;
  }
};

// Parent, state and beginning of a process: its number alone may be another's later.
function stat(pid) {
  const text = quietly(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (!text) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), state: fields[0], parent: Number(fields[1]), began: fields[19] };
}

// The process, unless there are only its remains.
const running = pid => {
  const one = stat(pid);
  return one && !'ZX'.includes(one.state) ? one : undefined;
};

function descendants(pid) {
  const all = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(stat).filter(Boolean);
  const below = parent => all.filter(one => one.parent === parent).flatMap(one => [one, ...below(one.pid)]);
  return below(pid).filter(one => !'ZX'.includes(one.state));
}

const errors = notes => fs.readdirSync(notes).filter(name => name.endsWith('.err')).map(name => fs.readFileSync(path.join(notes, name), 'utf8')).join('');

// Waits for something that comes by itself.
export async function until(isTrue, what, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = isTrue();
    if (value) return value;
    await sleep(20);
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

async function ended(notes, family) {
  const of = kind => fs.readdirSync(notes).filter(name => name.endsWith(kind));
  await until(() => of('.exit').length > 0 && of('.exit').length === of('.pid').length, 'the server ends');
  const codes = of('.exit').map(name => fs.readFileSync(path.join(notes, name), 'utf8').trim());
  assert.ok(codes.every(code => code === '0'), `exit codes ${codes}: ${errors(notes)}`);
  const left = () => family.filter(one => one && running(one.pid)?.began === one.began);
  await until(() => left().length === 0, 'nothing that the server started is left', 2);
}

// A person who says the same to everything, and remembers what it was.
export const answering = (action, asked) => request => {
  asked.push(request.params.message);
  return action === 'accept' ? { action, content: {} } : { action };
};

const CHECKS = [];

// A check gets a session that it shares with others.
export const check = (what, run) => CHECKS.push({ what, run });
// A check gets the world, to begin sessions of its own.
export const checkAlone = (what, run) => CHECKS.push({ what, run, alone: true });

export async function runAll(aegis, directory) {
  let passed = 0;
  let failed = 0;
  for (const [name, line] of Object.entries(LINES)) {
    const world = await World.in(aegis, path.join(directory, name.replace(/\W+/g, '-')), line);
    const one = async (what, run, given) => {
      const began = Date.now();
      const late = sleep(30_000, undefined, { ref: false }).then(() => {
        throw new Error('took longer than 30 s');
      });
      try {
        await Promise.race([run(given), late]);
        passed += 1;
        console.log(`ok   typescript ${name}: ${what}  (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed += 1;
        console.log(`FAIL typescript ${name}: ${what}\n${error.stack}${error.cause ? `\ncause: ${error.cause}` : ''}`);
      }
    };
    await one('a session begins, works and ends', () =>
      world.session(async session => {
        for (const { what, run, alone } of CHECKS) if (!alone) await one(what, run, session);
      }));
    for (const { what, run, alone } of CHECKS) if (alone) await one(what, run, world);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

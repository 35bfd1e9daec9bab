// aegis: made by `aegis agents install`, and replaced by it; what is changed here is lost.
// OpenCode asks this before each tool call. It lets a call pass only if the hook program says so: one JSON object with the
// decision "allow", and exit code 0. Whatever else happens, the call is stopped.
import { spawnSync } from "node:child_process";

const PROGRAM = @PROGRAM@;
const ARGUMENTS = @ARGUMENTS@;
const TIMEOUT_MS = 20000;
const MOST_BYTES = 1048576;

const blocked = (why) => new Error(`aegis: ${why}, so this is blocked`);

/** The hook's answer to one event; throws where there is none. */
function ask(event) {
  const ended = spawnSync(PROGRAM, ARGUMENTS, {
    input: JSON.stringify(event),
    shell: false,
    stdio: ["pipe", "pipe", "ignore"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
    maxBuffer: MOST_BYTES,
    windowsHide: true,
  });
  if (ended.error) throw blocked(`the hook did not run to its end (${ended.error.code ?? "unknown"})`);
  let text;
  let answer;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(ended.stdout);
    answer = JSON.parse(text);
  } catch {
    throw blocked("the hook gave no answer");
  }
  if (answer === null || typeof answer !== "object" || Array.isArray(answer)) throw blocked("the hook gave no answer");
  return { answer, passed: ended.status === 0 && ended.signal === null };
}

export const Aegis = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const { answer, passed } = ask({
      hook_event_name: "tool.execute.before",
      session_id: input.sessionID,
      call_id: input.callID,
      cwd: directory,
      tool_name: input.tool,
      tool_input: output.args,
    });
    if (passed && Object.hasOwn(answer, "decision") && answer.decision === "allow") return;
    const reason = typeof answer.reason === "string" && answer.reason !== "" ? answer.reason : undefined;
    throw reason === undefined ? blocked("the hook did not allow it") : new Error(reason.slice(0, 4000));
  },
});

// Many files in requests of a few, so that progress is seen and a fault costs little.
import { postForm } from "../api.js";
import { t } from "../texts.js";
import { namesOf } from "./dropped.js";

const FILES = 8;
const BYTES = 60e6;

// [[file, …], …]: a part has at most FILES files, and BYTES bytes unless one file has more.
export function inParts(files) {
  const parts = [];
  let bytes = 0;
  for (const file of files) {
    const last = parts.at(-1);
    if (!last || last.length >= FILES || bytes + file.size > BYTES) {
      parts.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return parts;
}

// Send all files to `path`. `progress({done, of, share})` is told as it goes on. `more` is an
// object of further fields; it may grow with the answers (`learn`). What was refused is in
// left_out. A part that is refused as a whole is left out with its reason; a server that is
// away stops the upload, and `rest` are the files that were not sent.
export async function upload(path, files, { progress, signal, more = {}, learn = () => {} }) {
  const result = { kept: 0, left_out: [], rest: [], fault: null };
  const all = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let sentBytes = 0;
  let done = 0;
  const parts = inParts(files);
  const names = namesOf(files);
  for (const [place, part] of parts.entries()) {
    const bytes = part.reduce((sum, file) => sum + file.size, 0);
    const form = new FormData();
    for (const [name, value] of Object.entries(more)) form.append(name, value);
    for (const file of part) form.append("images", file, names.get(file));
    const sent = (share) =>
      progress({ done, of: files.length, share: (sentBytes + share * bytes) / all });
    try {
      sent(0);
      const answer = await postForm(path, form, sent, signal);
      learn(answer);
      result.kept += keptOf(answer, part);
      result.left_out.push(...(answer.left_out ?? []));
    } catch (fault) {
      if (fault.status === 413 || fault.status === 422) {
        for (const file of part) result.left_out.push({ name: file.name, reason: fault.message });
      } else {
        result.fault = signal?.aborted ? new Error(t("upload.stopped")) : fault;
        result.rest = parts.slice(place).flat();
        return result;
      }
    }
    sentBytes += bytes;
    done += part.length;
    progress({ done, of: files.length, share: sentBytes / all });
  }
  return result;
}

function keptOf(answer, part) {
  if (typeof answer.kept === "number") return answer.kept;
  if (Array.isArray(answer.kept)) return answer.kept.length;
  return part.length - (answer.left_out ?? []).length;
}

// What is asked of the server. An error is one sentence of the server, to be shown as it is.
import { t } from "./texts.js";

export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

export const place = (...parts) => `/v1/${parts.map(encodeURIComponent).join("/")}`;

export function query(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null);
  return `${path}?${new URLSearchParams(given)}`;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const put = (path, body) => ask("PUT", path, body);
export const remove = (path) => ask("DELETE", path);

async function ask(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused(t("frame.away"), 0);
  }
  return read(answer.status, await answer.text());
}

export function read(status, text) {
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: only the status says something.
  }
  if (status >= 200 && status < 300) return content;
  if (status === 401) throw new Refused(t("frame.no_token"), 401);
  const detail = content?.detail;
  throw new Refused(typeof detail === "string" ? detail : t("frame.fault", { status }), status);
}

// A form with files. fetch does not tell how much was sent, so the older way is used.
// `sent` is called with the share that was sent, from 0 to 1. `signal` stops it.
export function postForm(path, form, sent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total);
    request.onload = () => {
      try {
        resolve(read(request.status, request.responseText));
      } catch (refused) {
        reject(refused);
      }
    };
    request.onerror = () => reject(new Refused(t("frame.away"), 0));
    request.onabort = () => reject(new Refused(t("upload.stopped"), 0));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

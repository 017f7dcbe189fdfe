// Files of a drop, also those in folders and in folders of folders.

const paths = new WeakMap(); // of files that came in a folder: "folder/name.jpg"

const pathOf = (file) => file.webkitRelativePath || (paths.get(file) ?? file.name);

// The name of each file, with the folders in which it came, but without one that holds them all.
export function namesOf(files) {
  const all = files.map((file) => pathOf(file));
  const top = all[0]?.split("/")[0];
  const inOne = all.every((path) => path.includes("/") && path.split("/")[0] === top);
  return new Map(files.map((file, at) => [file, inOne ? all[at].slice(top.length + 1) : all[at]]));
}

// The entries must be taken at once: after the first wait the event has none any more.
export function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  return entries.length ? gathered(entries) : Promise.resolve(files);
}

async function gathered(entries) {
  const files = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.shift();
    if (entry.isFile) files.push(await fileOf(entry));
    else if (entry.isDirectory) waiting.push(...(await inside(entry)));
  }
  return files;
}

async function fileOf(entry) {
  const file = await new Promise((done, fail) => entry.file(done, fail));
  paths.set(file, entry.fullPath.replace(/^\//, ""));
  return file;
}

// A folder tells its entries in parts of a hundred.
async function inside(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return all;
    all.push(...some);
  }
}

// Names that begin with a dot, and what systems leave in folders, are no photographs.
export const meant = (files) =>
  files.filter((file) => !file.name.startsWith(".") && !/^(thumbs\.db|desktop\.ini)$/i.test(file.name));

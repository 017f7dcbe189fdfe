// Files of a drop, also those in folders and in folders of folders.

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
    if (entry.isFile) files.push(await new Promise((done, fail) => entry.file(done, fail)));
    else if (entry.isDirectory) waiting.push(...(await inside(entry)));
  }
  return files;
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

// What was pressed and is not in the record yet. It stays on this device until it is, or until the
// person decides otherwise; signing out clears it. Passwords never come here.
const KEPT = "ketaflow.kept";
const { person } = document.body.dataset;

const read = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
const write = (entries) =>
  entries.length ? localStorage.setItem(KEPT, JSON.stringify(entries)) : localStorage.removeItem(KEPT);

// A tablet is shared: each sees and sends only their own.
export const mine = () => read().filter((one) => one.person === person);
export const others = () => read().filter((one) => one.person !== person);
export const waiting = () => mine().filter((one) => !one.refused && !one.direct);
export const refused = () => mine().filter((one) => one.refused);
export const keep = (entry) => write([...read(), { ...entry, person }]);
export const drop = (key) => write(read().filter((one) => one.key !== key));
export const change = (key, to) => write(read().map((one) => (one.key === key ? { ...one, ...to } : one)));
export const clear = () => write(others());
// What a page was sending by itself when it was closed waits like the rest.
export const adopt = () => write(read().map((one) => ({ ...one, direct: undefined })));

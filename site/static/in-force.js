// The version in force on a day: the last one that had come into force; undefined before the first.
// `versions`: the oldest first.
export const inForceOn = (versions, day) => versions.findLast(({ from }) => from <= day);

// An address of a comparison that is no longer published: the same one, worked out in the page.
const match = /^(.*)\/cgv\/comparer\/([\w-]+)\/([\w-]+)\/?$/.exec(location.pathname);
if (match) location.replace(`${match[1]}/cgv/comparer/?a=${match[2]}&b=${match[3]}`);

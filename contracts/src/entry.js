
/** Passes a request on to the function whose path is the longest beginning of its own, as a zone's routes would. */
export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const path = pathname + search;
    const route = ROUTES.find(([prefix]) => path.startsWith(prefix));
    return route ? env[route[1]].fetch(request) : new Response(null, { status: 404 });
  },
};

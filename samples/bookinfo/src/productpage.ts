import type { IncomingHttpHeaders } from 'node:http';
import type { Handler, Reply } from './http.js';
import { frontPage, page } from './page.js';
import type { Answer, Upstreams } from './upstream.js';
import { call } from './upstream.js';

const PRODUCT = {
  id: 0,
  title: 'The Comedy of Errors',
  descriptionHtml: 'A play by William Shakespeare: two pairs of twins, separated at birth, and one long day.',
};

const STYLE = 'body{font:16px sans-serif;max-width:60rem;margin:2rem auto}.black{color:#000}.red{color:#c00}';

/** The site: `/productpage` as HTML, the same data as JSON under `/api/v1/products`, `/login` and `/logout`. */
export function productpage(upstreams: Upstreams): Handler {
  return async (url, { headers }) => {
    const user = cookie(headers, 'user');
    const known: IncomingHttpHeaders = user === undefined ? headers : { ...headers, 'end-user': user };
    const fetch = (service: 'details' | 'reviews' | 'ratings') =>
      call(upstreams, service, `/${service}/0`, known);
    switch (url.pathname) {
      case '/':
        return { body: frontPage(PRODUCT) };
      case '/productpage': {
        const [details, reviews] = await Promise.all([fetch('details'), fetch('reviews')]);
        return { body: page(PRODUCT, details, reviews, user) };
      }
      case '/static/style.css':
        return { headers: { 'content-type': 'text/css' }, body: STYLE };
      case '/login':
        return redirect(
          `user=${encodeURIComponent(url.searchParams.get('username') ?? '')}; Path=/; HttpOnly`,
        );
      case '/logout':
        return redirect('user=; Path=/; Max-Age=0');
      case '/api/v1/products':
        return { body: [PRODUCT] };
      case '/api/v1/products/0':
        return relay(await fetch('details'));
      case '/api/v1/products/0/reviews':
        return relay(await fetch('reviews'));
      case '/api/v1/products/0/ratings':
        return relay(await fetch('ratings'));
      default:
        return undefined;
    }
  };
}

function relay({ status, body }: Answer): Reply {
  return { status, body: typeof body === 'object' && body !== null ? body : { error: 'no answer' } };
}

function redirect(setCookie: string): Reply {
  return { status: 302, headers: { location: '/productpage', 'set-cookie': setCookie }, body: '' };
}

function cookie({ cookie: text = '' }: IncomingHttpHeaders, name: string): string | undefined {
  const found = text.split(/;\s*/).find((pair) => pair.startsWith(`${name}=`));
  try {
    return found && decodeURIComponent(found.slice(name.length + 1));
  } catch {
    return undefined;
  }
}

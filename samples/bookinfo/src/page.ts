import type { Answer } from './upstream.js';

export interface Product {
  readonly title: string;
  readonly descriptionHtml: string;
}

interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly rating?: { stars?: number; color?: string; error?: string };
}

/** The way in. */
export function frontPage({ title }: Product): string {
  return html('Bookinfo', `<p><a href="/productpage">${escape(title)}</a></p>`);
}

/** The product page. A part whose service does not answer says so; the rest stands. */
export function page(product: Product, details: Answer, reviews: Answer, user: string | undefined): string {
  const greeting = user ? `<p>${escape(user)} (<a href="/logout">sign out</a>)</p>` : SIGN_IN;
  return html(
    product.title,
    `${greeting}<p>${product.descriptionHtml}</p>
    <h2>Book Details</h2>${detailsPart(details)}
    <h2>Book Reviews</h2>${reviewsPart(reviews)}`,
  );
}

const SIGN_IN =
  '<form action="/login"><input name="username" placeholder="user"><button>Sign in</button></form>';

function detailsPart({ status, body }: Answer): string {
  if (status !== 200 || !isRecord(body)) return unavailable('product details are');
  const rows = Object.entries(body).filter(([name]) => name !== 'id');
  return `<dl>${rows.map(([name, value]) => `<dt>${escape(name)}<dd>${escape(String(value))}`).join('')}</dl>`;
}

function reviewsPart({ status, body }: Answer): string {
  if (status !== 200 || !isRecord(body)) return unavailable('product reviews are');
  const { podname, reviews = [] } = body as { podname?: string; reviews?: Review[] };
  return `${reviews.map(reviewPart).join('')}<p><small>Reviews served by: ${escape(podname ?? '')}</small></p>`;
}

function reviewPart({ reviewer, text, rating }: Review): string {
  return `<blockquote><p>${escape(text)}</p><small>${escape(reviewer)}</small> ${stars(rating)}</blockquote>`;
}

function stars(rating: Review['rating']): string {
  if (rating === undefined) return '';
  if (rating.stars === undefined) return `<em>${escape(rating.error ?? 'no rating')}</em>`;
  const count = Math.max(0, Math.min(5, Math.trunc(rating.stars)));
  return `<span class="${escape(rating.color ?? 'black')}">${'★'.repeat(count)}${'☆'.repeat(5 - count)}</span>`;
}

function unavailable(what: string): string {
  return `<p><em>Sorry, ${what} currently unavailable for this book.</em></p>`;
}

function html(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title>
    <link rel="stylesheet" href="/static/style.css"><h1>${escape(title)}</h1>${content}</html>`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

import type { Handler } from './http.js';

const BOOK = {
  id: 0,
  author: 'William Shakespeare',
  year: 1595,
  type: 'paperback',
  pages: 200,
  publisher: 'PublisherA',
  language: 'English',
  'ISBN-10': '1234567890',
  'ISBN-13': '123-1234567890',
};

/** `GET /details/0`: what the book is. */
export const details: Handler = ({ pathname }) => (pathname === '/details/0' ? { body: BOOK } : undefined);

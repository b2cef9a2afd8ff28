// The library's dependency injection refuses to load without this polyfill, so it is loaded here and nowhere else.
import 'reflect-metadata';

export * from '@peculiar/x509';

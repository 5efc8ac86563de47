/** @type {import('next').NextConfig} */
module.exports = { output: 'export', turbopack: { root: __dirname }, outputFileTracingRoot: __dirname };

/* canopy_bulk: bulk identity administration inside PostgreSQL */

-- complain if the script is sourced in psql instead of CREATE EXTENSION
\echo Use "CREATE EXTENSION canopy_bulk" to load this file. \quit


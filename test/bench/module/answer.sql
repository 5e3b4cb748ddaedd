/* The function of answer.c; the library it measures comes first. */
LOAD 'canopy_bulk';

CREATE FUNCTION bench.answer_cost(batch jsonb, failed boolean, times integer)
RETURNS double precision
LANGUAGE c
STRICT VOLATILE
AS :'module', 'answer_cost';

/** Node types of queries that do nothing by themselves: their children say it all. */
export const plainTypes: ReadonlySet<string> = new Set([
  'A_ArrayExpr', 'A_Const', 'A_Indices', 'A_Star', 'Alias', 'BitString', 'BoolExpr', 'Boolean', 'BooleanTest', 'CTECycleClause', 'CTESearchClause',
  'CaseExpr', 'CaseWhen', 'CoalesceExpr', 'CollateClause', 'ColumnDef', 'CurrentOfExpr', 'Float', 'GroupingFunc', 'GroupingSet', 'IndexElem',
  'InferClause', 'Integer', 'JsonAggConstructor', 'JsonArgument', 'JsonArrayAgg', 'JsonArrayConstructor', 'JsonArrayQueryConstructor', 'JsonBehavior',
  'JsonFormat', 'JsonFuncExpr', 'JsonIsPredicate', 'JsonKeyValue', 'JsonObjectAgg', 'JsonObjectConstructor', 'JsonOutput', 'JsonParseExpr',
  'JsonReturning', 'JsonScalarExpr', 'JsonSerializeExpr', 'JsonTableColumn', 'JsonTablePathSpec', 'JsonValueExpr', 'List', 'MergeSupportFunc',
  'MergeWhenClause', 'MinMaxExpr', 'MultiAssignRef', 'NamedArgExpr', 'NullTest', 'OnConflictClause', 'ParamRef', 'RangeTableFuncCol', 'ResTarget',
  'ReturningClause', 'ReturningOption', 'RowExpr', 'SQLValueFunction', 'SetToDefault', 'String', 'TypeCast', 'WindowDef', 'XmlExpr', 'XmlSerialize',
]);

/** What PostgreSQL 16 to 18 made syntax, older servers read as calls, which a function of a user's schema may answer. */
export const syntaxFunctions: ReadonlyMap<string, readonly string[]> = new Map([
  ['JsonFuncExpr', ['json_exists', 'json_query', 'json_value']],
  ['JsonTable', ['json_table']],
  ['JsonObjectConstructor', ['json_object']],
  ['JsonArrayConstructor', ['json_array']],
  ['JsonArrayQueryConstructor', ['json_array']],
  ['JsonObjectAgg', ['json_objectagg']],
  ['JsonArrayAgg', ['json_arrayagg']],
  ['JsonParseExpr', ['json']],
  ['JsonScalarExpr', ['json_scalar']],
  ['JsonSerializeExpr', ['json_serialize']],
  ['MergeSupportFunc', ['merge_action']],
]);

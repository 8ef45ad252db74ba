// The rules that the two contracts of the kit disagree about. Every other rule holds under both.

export const CONTRACTS = {
  // What the public documentation promises.
  documented: {
    scopesAreLiteral: true, // SCOPE-01, SCOPE-03, SCOPE-08, SCOPE-09
    refusesGraphDefWithScope: true, // SCOPE-11
    refusesTextAsCollectionList: true, // CALL-13
    leavesGraphUnchanged: true, // UNB-07, UNB-08
    stripsInnerContexts: true, // COL-15
    keepsNodeListsOfMessages: true, // COL-20
    debugInfoIsNamedLikeTheFile: true, // DBG-01
  },
  // What TensorFlow 2.21 does.
  tensorflow: {
    scopesAreLiteral: false,
    refusesGraphDefWithScope: false,
    refusesTextAsCollectionList: false,
    leavesGraphUnchanged: false,
    stripsInnerContexts: false,
    keepsNodeListsOfMessages: false,
    debugInfoIsNamedLikeTheFile: false,
  },
};

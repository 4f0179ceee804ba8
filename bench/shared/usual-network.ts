/** The network of KataGo's that is measured with where no other is named; not part of the project. */
export const usualNetwork = '../shared/nets/g170-b6c96-s175395328-d26788732.bin.gz';

/* A library that stands beside the plugin when it is linked and nowhere when it is loaded. */
int bad_helper_answer(void);
int bad_helper_answer(void) {
  return 42;
}

// Runs before each test file of the long tier: everything at full size.
process.env.KONTOR_TEST_SIZE = 'full';

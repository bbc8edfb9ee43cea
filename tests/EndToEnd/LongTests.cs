using Xunit;

namespace Parcae.EndToEnd;

/// <summary>Tests that are not run by default, as they take a minute each.</summary>
internal static class LongTests
{
    /// <summary>Whether they were asked for.</summary>
    public static bool Wanted => Environment.GetEnvironmentVariable("PARCAE_TEST_LONG") == "1";

    /// <summary>Skips the test unless they were asked for.</summary>
    /// <param name="runBy">What asks for it.</param>
    public static void Only(string runBy = "tests/durability") => Assert.SkipUnless(Wanted, $"takes about a minute: set PARCAE_TEST_LONG=1, or run {runBy}");
}

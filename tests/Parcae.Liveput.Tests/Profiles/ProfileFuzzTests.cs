using System.Text;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

/// <summary>Whatever the bytes, the reader gives a profile that can be planned with or says in its own words why not, and takes little memory for little input.</summary>
public sealed class ProfileFuzzTests
{
    private const long MostBytes = 12 << 20;

    private static readonly string[] Nasty =
    [
        "0", "-1", "1.5", "1e-320", "1e12", "1e13", "1e400", "-1e400", "-0", "2147483647", "2147483648", "99999999999999999999", "100000", "1000", "0.0000001", "NaN", "Infinity", "null", "true", "\"\"", "\"1\"",
        "\"", "\\", "\\u0000", "\"\\ud800\"", ",", ":", "{", "}", "[", "]", "{}", "[]", "//", "/*", "\n", "\0", "\t", "\uFEFF", "\u2028", "é", "\"model\": \"x\",", "\"layers\": [],", "\"groups\": {\"kind\": \"instances\"},",
        "\"pipelines\": 1, \"depth\": 1,", new string('[', 70), new string('9', 400),
    ];

    [Fact]
    public void A_profile_cut_off_anywhere_is_refused()
    {
        byte[] content = MalformedProfiles.Bytes(MalformedProfiles.Sound);
        for (int length = 0; length < content.Length; length++) Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", content.AsSpan(0, length)));
    }

    [Fact]
    public void A_profile_with_any_bit_flipped_is_read_or_refused() => Fuzz.Bits(MalformedProfiles.Bytes(MalformedProfiles.Sound), content => Try(content));

    [Fact]
    public void A_profile_with_anything_put_in_anywhere_is_read_or_refused() => Fuzz.Places(MalformedProfiles.Sound, Nasty, 6000, content => Try(content));

    [Fact]
    public void A_profile_with_other_numbers_is_read_or_refused()
    {
        var random = new Random(23);
        string[] numbers = ["0", "1", "2", "3", "1.5", "4", "16", "1e-320", "0.0001", "1e9", "1e12", "1e15", "100000", "1000000000", "-1", "1e400", "2147483648"];
        int read = 0;
        for (int i = 0; i < 4000; i++) read += Try(Encoding.UTF8.GetBytes(OtherNumbers(MalformedProfiles.Sound, random, numbers, 0.1))) ? 1 : 0;
        Assert.InRange(read, 400, 4000);
    }

    [Fact]
    public void Shipped_profiles_with_other_bits_or_numbers_are_read_or_refused()
    {
        var random = new Random(29);
        string[] numbers = ["0", "1", "2", "7", "12", "16", "33", "0.25", "1e-9", "1e9", "1e12", "1000", "-3", "1e400"];
        foreach (string name in BuiltInProfiles.Names)
        {
            string text = ProfileSchemaTests.ShippedText(name);
            for (int i = 0; i < 25; i++)
            {
                Try(Encoding.UTF8.GetBytes(OtherNumbers(text, random, numbers, 0.002)));
                byte[] content = Encoding.UTF8.GetBytes(text);
                for (int flips = random.Next(1, 4); flips > 0; flips--) content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                Try(content);
            }
        }
    }

    [Fact]
    public void Random_bytes_are_refused() => Fuzz.Bytes("0123456789,.-+eE{}[]\":#\n\r \tmodelayrsu\\_", 20_000, content => Assert.False(Try(content)));

    /// <summary>A text with some of its numbers replaced.</summary>
    private static string OtherNumbers(string text, Random random, string[] numbers, double share)
    {
        var other = new StringBuilder();
        for (int i = 0; i < text.Length;)
        {
            int end = i;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.')) end++;
            if (end == i)
            {
                other.Append(text[i++]);
                continue;
            }

            other.Append(random.NextDouble() < share ? numbers[random.Next(numbers.Length)] : text[i..end]);
            i = end;
        }

        return other.ToString();
    }

    /// <summary>Whether it is a profile; then it can be planned with and priced.</summary>
    private static bool Try(ReadOnlySpan<byte> content)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var profile = ProfileFile.Parse("p.json", content);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
            Use(profile);
            return true;
        }
        catch (ProfileFormatException e)
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
            Assert.StartsWith($"p.json:{e.Line}: ", e.Message, StringComparison.Ordinal);
            Assert.True(e.Line >= 1 && e.Message.Length < 700 && !e.Message.Any(char.IsControl), e.Message);
            return false;
        }
    }

    private static void Use(PlanningProfile profile)
    {
        const int Instances = 16;
        var forecast = Samples.Certain([(Instances, 0), (Instances - 3, 3), (Instances - 1, 0)]);
        var decision = new LiveputOptimizer(profile, new ProfiledCostModel(profile)).Plan(Samples.Request(Instances, forecast));
        Sound(decision.Liveput);
        // Below 0 where a change costs more than the look-ahead brings.
        Assert.True(double.IsFinite(decision.ExpectedSamples), $"{decision.ExpectedSamples}");
        Assert.Equal(profile.MinInstances > Instances, decision.Strategy.IsPause);
        if (profile.Reconfiguration is null || decision.Strategy.IsPause) return;
        var to = decision.Strategy;
        var fewer = new Strategy(1, to.Depth);
        foreach (string name in TransitionCosts.Names)
        {
            var costs = TransitionCosts.Create(name, profile);
            Sound(costs.ExpectedMs(new Transition(Strategy.None, Instances, 0, 0, to)));
            Sound(costs.ExpectedMs(new Transition(to, Instances, 0, 2, fewer)));
            Sound(costs.ExpectedMs(new Transition(fewer, Instances, 2, 1, to)));
            if (profile.Throughput(1, profile.MinDepth) > 0) Sound(costs.ExpectedMs(new Transition(to, Instances, 0, 1, new Strategy(1, profile.MinDepth))));
        }

        static void Sound(double figure) => Assert.True(figure >= 0 && double.IsFinite(figure), $"{figure}");
    }
}

using System.Text;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

/// <summary>Whatever the bytes, a reader gives a trace or says in its own words why not, and takes little memory for little input.</summary>
public sealed class TraceFuzzTests
{
    // An event may be late: what a reader may take then is for all the intervals that a trace can have, and little more.
    private const long MostBytes = 4 << 20, MostBytesOfEvents = 40L * TraceLimits.MaxIntervals;

    private static readonly AvailabilityTrace Sample = AvailabilityTrace.FromZones(
        "sample", "é \"quoted\"", 30,
        new Dictionary<string, IReadOnlyList<TraceInterval>> { ["a"] = [new(0, 0, 3), new(2, 1, 4), new(0, 4, 0)], ["b"] = [new(1, 0, 1), new(0, 0, 1), new(1, 2, 0)] },
        new Dictionary<string, TraceSegment> { ["S"] = new(1, 3) });

    public static TheoryData<TraceFormat> Formats => [.. Enum.GetValues<TraceFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_file_cut_off_anywhere_is_read_or_refused(TraceFormat format)
    {
        byte[] content = Content(format);
        for (int length = 0; length < content.Length; length++) Try(content.AsSpan(0, length));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_file_with_any_bit_flipped_is_read_or_refused(TraceFormat format) => Fuzz.Bits(Content(format), content => Try(content));

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_file_with_anything_put_in_anywhere_is_read_or_refused(TraceFormat format)
    {
        string[] nasty =
        [
            "0", "-1", "1.5", "99999999999999999999", "2147483647", "2147483648", "1e9", "1e-320", "1e400", "-0", "NaN", "null", "true", "\"", "\\", "\\u0000", "\"\\ud800\"", ",", ",,,", ":", "{", "}", "[", "]",
            "[[", "{}", "[]", "//", "/*", "#", "\n", "\r", "\r\n", "\0", "\t", "\uFEFF", "\u2028", "é", "# intervals=5000\n", "# intervalSeconds=1e-9\n", "\"trace\": {", "\"data\": [1],", "\"zones\": {},", "\"intervals\": [[0,0,0]],",
            new string('[', 70), new string('9', 5000),
        ];
        Fuzz.Places(Encoding.UTF8.GetString(Content(format)), nasty, 2500, content => Try(content));
    }

    [Fact]
    public void Random_bytes_are_read_or_refused() => Fuzz.Bytes("0123456789,.-+eE{}[]\":#\n\r \tadremovintscgp\\u_", 15_000, content => Try(content));

    private static byte[] Content(TraceFormat format) => Encoding.UTF8.GetBytes(TraceWriter.Text(Sample, format));

    private static void Try(ReadOnlySpan<byte> content)
    {
        long most = content.IndexOf("add"u8) >= 0 ? MostBytesOfEvents : MostBytes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var trace = TraceFile.Parse("t.trace", content);
            RequireLittle();
            // What was read can be written and read again.
            if (trace.Intervals.Count > 1000) return;
            Assert.Equal(trace.Intervals, TraceFile.Parse("again", Encoding.UTF8.GetBytes(TraceWriter.Text(trace, TraceFormat.Json))).Intervals);
        }
        catch (TraceFormatException e)
        {
            RequireLittle();
            Assert.True(e.Line >= 1 && e.Message.StartsWith($"t.trace:{e.Line}: expected", StringComparison.Ordinal), e.Message);
            Assert.True(e.Message.Length < 500 && !e.Message.Any(char.IsControl), e.Message);
        }

        void RequireLittle() =>
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
    }
}

using System.Text;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class MalformedTraceTests
{
    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("  \n ", 1, "empty")]
    [InlineData("# only\n# comments", 2, "only comments")]
    [InlineData("3\nx\n", 2, "'x'")]
    [InlineData("3\n-1\n", 2, "'-1'")]
    [InlineData("3\n4,5\n", 2, "2 fields")]
    [InlineData("1,2\n", 1, "2 fields")]
    [InlineData("minute,added,removed,available\n", 1, "rows after the header")]
    [InlineData("minute,added,removed,available\n1,0,0,3\n", 2, "minute 0")]
    [InlineData("0,3,0,3\n1,1,0,5\n", 2, "3 + 1 - 0 = 4, found 5")]
    [InlineData("0,3,0,3\n1,0,4,0\n", 2, "at most 3 removed")]
    [InlineData("0,3,0,2\n", 1, "at most 2 added")]
    [InlineData("0,3,y,2\n", 1, "removed instances")]
    [InlineData("0,add,a\nx,add,b\n", 2, "milliseconds")]
    [InlineData("99999999999999999,add,a\n", 1, "milliseconds")]
    [InlineData("5,add,a\n4,add,b\n", 2, "at 5 ms or later")]
    [InlineData("0,add,a\n0,add,a\n", 2, "not there yet")]
    [InlineData("0,remove,a\n", 1, "that is there")]
    [InlineData("0,move,a\n", 1, "add or remove")]
    [InlineData("0,add,\n", 1, "name of a node")]
    [InlineData("{", 1, "well-formed JSON")]
    [InlineData("[[1,0,1]]", 1, "an object")]
    [InlineData("{\n\"name\": \"x\"\n}", 3, "expected intervals")]
    [InlineData("{\n\"intervals\": [] }", 2, "at least one interval")]
    [InlineData("{\n\"intervals\": [[1, 0]] }", 2, "number available")]
    [InlineData("{\n\"intervals\": [[1, 0, 1, 7]] }", 2, "nothing more")]
    [InlineData("{ \"intervals\": [[1, 0, 1],\n[0, -1, 2]] }", 2, "number removed")]
    [InlineData("{ \"intervals\": [[1, 0, 1],\n[0, 0, 2]] }", 2, "1 + 0 - 0 = 1, found 2")]
    [InlineData("{ \"intervals\": [[1, 0, 1],\n7] }", 2, "[added, removed, available], found 7")]
    [InlineData("{\n\"intervalSeconds\": 0 }", 2, "above 0")]
    [InlineData("{\n\"name\": 3 }", 2, "a text as name")]
    [InlineData("{\n\"name\": \" \" }", 2, "not empty")]
    [InlineData("{\n\n\"rate\": 3 }", 3, "'rate'")]
    [InlineData("{\n\"segments\": { \"A\": [2, 1] }, \"intervals\": [[1, 0, 1]] }", 2, "end after 2")]
    [InlineData("{\n\"segments\": {\n\"A\": [0, 2] }, \"intervals\": [[1, 0, 1]] }", 3, "end at 1")]
    [InlineData("{\n\"segments\": { \"A\": [0, 1],\n\"a\": [0, 1] }, \"intervals\": [[1, 0, 1]] }", 3, "again")]
    [InlineData("# intervalSeconds=0\n3\n", 1, "intervalSeconds from 0.001 to 31536000, found '0'")]
    [InlineData("# intervalSeconds=NaN\n3\n", 1, "found 'NaN'")]
    [InlineData("#\n# intervals=0\n0,add,a\n", 2, "a number of intervals from 1 to 10000000, found '0'")]
    [InlineData("3\n1000001\n", 2, "a whole number from 0 to 1000000, found '1000001'")]
    [InlineData("3\n1e3\n", 2, "found '1e3'")]
    [InlineData("minute,added,removed,available\n3\n", 2, "found 1 fields")]
    [InlineData("0,3,0,3\n0,0,0,3\n", 2, "minute 1, found '0'")]
    [InlineData("0,1000000,1000001,0\n", 1, "'1000001'")]
    [InlineData("600000000000,add,a\n", 1, "under 600000000000 (10000000 intervals of 60 s), found '600000000000'")]
    [InlineData("\u0007\n", 1, "found '?'")]
    [InlineData("a,b,c,d,e\n", 1, "found 5 fields")]
    [InlineData("\0\0\0", 1, "'???'")]
    [InlineData("{ \"intervals\": [[1, 0, 1]] }\n]", 2, "well-formed JSON")]
    [InlineData("{ \"intervals\": [[1, 0, 1]] }\n{}", 2, "well-formed JSON")]
    [InlineData("{\n\"intervals\": [[1e999, 0, 1]] }", 2, "a whole number from 0 to 1000000, found 1e999")]
    [InlineData("{\n\"intervals\": [[1.5, 0, 1]] }", 2, "found 1.5")]
    [InlineData("{\n\"intervals\": [[\"1\", 0, 1]] }", 2, "the number added, found 1")]
    [InlineData("{\n\"intervalSeconds\": 1e999 }", 2, "from 0.001 to 31536000, found 1e999")]
    [InlineData("{\n\"name\": \"\\ud800\" }", 2, "a text in UTF-8")]
    [InlineData("{\n\"name\": \"a\\u001b[31m\" }", 2, "without control characters, found 'a?[31m'")]
    [InlineData("{\n\"\\ud800\": 1 }", 2, "a text in UTF-8")]
    [InlineData("{\n\"zones\": 3 }", 2, "an object of zones, found 3")]
    [InlineData("{\n\"zones\": {} }", 2, "expected intervals")]
    [InlineData("{\n\"zones\": { \"a,b\": [[1, 0, 1]] } }", 2, "no space and no comma")]
    [InlineData("{ \"zones\": { \"a\": [[1, 0, 1]],\n\"A\": [[1, 0, 1]] } }", 2, "each zone once, found A again")]
    [InlineData("{ \"zones\": { \"a\": [[1, 0, 1]],\n\"b\": [[1, 0, 1], [0, 0, 1]] } }", 2, "1 intervals of zone b, like the zones before it, found 2")]
    [InlineData("{ \"intervals\": [[1, 0, 1], [0, 0, 1]],\n\"zones\": { \"a\": [[1, 0, 1]] } }", 2, "2 intervals of zone a, like the trace, found 1")]
    [InlineData("{ \"intervals\": [[2, 0, 2]],\n\"zones\": { \"a\": [[1, 0, 1]] } }", 2, "the sum of the zones in interval 0, [1, 0, 1], found [2, 0, 2]")]
    [InlineData("{\n\"zones\": { \"a\": [[0, 0, 1000000]], \"b\": [[0, 0, 1000000]] } }", 2, "at most 1000000 instances in all zones")]
    [InlineData("{\n\"trace\": \"LADP\" }", 2, "member trace to be an object with the intervals of a trace, found LADP")]
    [InlineData("{ \"intervals\": [[1, 0, 1]],\n\"trace\": { \"intervals\": [] } }", 2, "at least one interval")]
    [InlineData("{\n\"data\": [1, -1] }", 2, "a count, a whole number from 0 to 1000000, found -1")]
    [InlineData("{\n\"data\": [1, [2]] }", 2, "a count, found [")]
    [InlineData("{\n\"data\": [] }", 2, "at least one count")]
    [InlineData("{\n\"data\": { } }", 2, "an array of counts as data")]
    [InlineData("{\n\"metadata\": { \"gap_seconds\": 60 }\n}", 3, "expected data")]
    [InlineData("{\n\"metadata\": { \"gap_seconds\": 0 }, \"data\": [1] }", 2, "gap_seconds above 0")]
    [InlineData("{\n\"metadata\": { \"gap_seconds\": \"60\" }, \"data\": [1] }", 2, "a number as gap_seconds")]
    [InlineData("{\n\"metadata\": [], \"data\": [1] }", 2, "an object as metadata")]
    public void A_malformed_trace_is_refused_by_file_line_and_expectation(string content, int line, string expected)
    {
        var error = Assert.Throws<TraceFormatException>(() => Parse(content));
        Assert.StartsWith($"t.trace:{line}: expected", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(("t.trace", line), (error.File, error.Line));
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused()
    {
        byte[] content = Encoding.Latin1.GetBytes("{\n\"name\": \"\u00e9\", \"intervals\": [[1, 0, 1]] }");
        Assert.Contains("expected", Assert.Throws<TraceFormatException>(() => TraceFile.Parse("t.trace", content)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5000, "expected lines of at most 4096 bytes, found one of 5000")]
    [InlineData(100, "found '11111111111111111111111111")]
    public void An_endless_line_is_refused_and_never_shown_whole(int length, string expected)
    {
        string message = Assert.Throws<TraceFormatException>(() => Parse(new string('1', length))).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 10, 200);
    }

    [Fact]
    public void Long_texts_and_too_many_parts_are_refused()
    {
        Assert.Contains("at most 1000 characters, found one of 1001", Refusal($$"""{ "name": "{{new string('x', 1001)}}" }"""), StringComparison.Ordinal);
        string segments = string.Join(",", Enumerable.Range(0, 1001).Select(i => $"\"s{i}\": [0, 1]"));
        Assert.Contains("at most 1000 segments, found more", Refusal($$"""{ "segments": { {{segments}} } }"""), StringComparison.Ordinal);
        string zones = string.Join(",", Enumerable.Range(0, 1001).Select(i => $"\"z{i}\": [[0, 0, 0]]"));
        Assert.Contains("at most 1000 zones, found more", Refusal($$"""{ "zones": { {{zones}} } }"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"data\": ")]
    [InlineData("{\"metadata\": ")]
    [InlineData("{\"intervals\": ")]
    [InlineData("{\"trace\": ")]
    [InlineData("")]
    public void Deep_nesting_is_refused(string before)
    {
        foreach (string open in (string[])["[", "{\"a\":"])
            Assert.Contains("expected", Refusal(before + string.Concat(Enumerable.Repeat(open, 100_000))), StringComparison.Ordinal);
    }

    [Fact]
    public void One_interval_too_many_is_refused()
    {
        byte[] content = new byte[2 * (TraceLimits.MaxIntervals + 1)];
        for (int i = 0; i < content.Length; i += 2) (content[i], content[i + 1]) = ((byte)'1', (byte)'\n');
        var error = Assert.Throws<TraceFormatException>(() => TraceFile.Parse("t.trace", content));
        Assert.Equal("t.trace:10000001: expected at most 10000000 intervals, found more.", error.Message);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path)) file.SetLength(TraceLimits.MaxFileBytes + 1L);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains("expected at most 67108864 bytes, found 67108865", Assert.Throws<TraceFormatException>(() => TraceFile.Load(path)).Message, StringComparison.Ordinal);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
        finally
        {
            File.Delete(path);
        }

        // A device without a length and without an end.
        if (File.Exists("/dev/zero")) Assert.Contains("found more", Assert.Throws<TraceFormatException>(() => TraceFile.Load("/dev/zero")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_late_event_costs_no_more_than_the_intervals_before_it()
    {
        Assert.Equal(16_667, Parse("0,add,a\n1000000000,add,b\n").Intervals.Count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(
            "under 10000000 (10000000 intervals of 0.001 s)",
            Assert.Throws<TraceFormatException>(() => TraceFile.Parse("t", "0,add,a\n1000000000,add,b\n"u8, new TraceReadOptions(EventIntervalSeconds: 0.001))).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static string Refusal(string content) => Assert.Throws<TraceFormatException>(() => Parse(content)).Message;

    private static AvailabilityTrace Parse(string content) => TraceFile.Parse("t.trace", Encoding.UTF8.GetBytes(content));
}

using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

/// <summary>Every kind of malformed profile is refused in its own words.</summary>
public sealed class ProfileErrorTests
{
    public static TheoryData<string, string, string> All => [.. MalformedProfiles.InAMember, .. MalformedProfiles.Together, .. MalformedProfiles.NotJson];

    [Fact]
    public void The_sound_profile_is_read()
    {
        var profile = ProfileFile.Parse("p", MalformedProfiles.Bytes(MalformedProfiles.Sound));
        Assert.Equal(("m", 8, 2, 3000, 1e9), (profile.Model, profile.GlobalBatch, profile.LayerCount, profile.TotalParameters, profile.LinkBytesPerSecond));
        Assert.Equal((3, 9, 0), (profile.Throughput(1, 1), profile.Throughput(2, 2), profile.Throughput(1, 2)));
        Assert.Equal(20, profile.Reconfiguration!.ModelBuild(2));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_malformed_profile_is_refused_by_file_line_member_and_value(string part, string other, string message)
    {
        var e = Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", MalformedProfiles.Bytes(MalformedProfiles.With(part, other))));
        Assert.Equal(message, e.Message);
        Assert.Equal("p", e.File);
        Assert.StartsWith($"p:{e.Line}: {e.Path}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "p:1: it is empty; it must be a JSON object with model, globalBatch, layers and measured.")]
    [InlineData(" \n ", "p:1: it is empty; it must be a JSON object with model, globalBatch, layers and measured.")]
    [InlineData("null", "p:1: the document is null; it must be an object with model, globalBatch, layers and measured.")]
    [InlineData("\n[]", "p:2: the document is a list; it must be an object with model, globalBatch, layers and measured.")]
    [InlineData("{", "p:1: it is not JSON: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.")]
    [InlineData("{}", "p:1: model is missing; a profile must have model, globalBatch, layers and measured.")]
    [InlineData("{\n\"model\": \"m\", \"layers\": []}", "p:2: layers is empty; it must hold from 1 to 1000.")]
    [InlineData("{\"measured\": []}", "p:1: measured is empty; it must hold from 1 to 100000.")]
    [InlineData("{\"layers\": {}}", "p:1: layers is an object; it must be a list of layers.")]
    [InlineData("{\"measured\": null}", "p:1: measured is null; it must be a list of measurements.")]
    [InlineData("{\"layers\": [[]]}", "p:1: layers[0] is a list; it must be an object with parameters and forwardMs.")]
    public void What_is_no_profile_at_all_is_refused(string content, string message) =>
        Assert.Equal(message, Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", MalformedProfiles.Bytes(content))).Message);

    [Fact]
    public void Nothing_may_follow_the_profile() => Assert.Equal(
        "p:20: it goes on after its end; it must be one JSON object.",
        Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", MalformedProfiles.Bytes(MalformedProfiles.Sound + "\n{}"))).Message);

    [Fact]
    public void A_deeply_nested_document_is_refused_at_its_first_wrong_level()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"layers\": [", 100_000));
        Assert.Equal(
            "p:1: layers[0].layers is not a member of a layer; it must be one of parameters, forwardMs, backwardMs, optimizerMs, activationMiB.",
            Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", MalformedProfiles.Bytes(deep))).Message);
        Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", MalformedProfiles.Bytes(new string('[', 100_000))));
    }

    [Fact]
    public void Large_claims_are_refused_before_room_is_made_for_them()
    {
        string layers = string.Join(", ", Enumerable.Repeat("{\"parameters\": 1, \"forwardMs\": 1}", 1000));
        Refused($$"""{"model": "m", "globalBatch": 1, "layers": [{{layers}}], "measured": [{"pipelines": 100000, "depth": 1, "samplesPerSecond": 1}, {"pipelines": 1, "depth": 11, "samplesPerSecond": 1}]}""",
            "p:1: measured[1] is 1 x 11, and with it the most pipelines times the greatest depth 100000 x 11; it must be at most 1000000.");
        Refused($$"""{"model": "m", "globalBatch": 1, "layers": [{{layers}}], "measured": [{"pipelines": 1, "depth": 21, "samplesPerSecond": 1}]}""",
            "p:1: measured[0].depth is 21, and there are 1000 layers; a depth times the number of layers must be at most 20000.");
        Refused($$"""{"model": "m", "globalBatch": 1, "layers": [{{layers}}, {}], "measured": []}""", "p:1: layers[1000] is beyond the last that there may be; layers must hold from 1 to 1000.");
        string measured = string.Join(", ", Enumerable.Range(0, 100_001).Select(i => $"{{\"pipelines\": {(i / 10) + 1}, \"depth\": {(i % 10) + 1}, \"samplesPerSecond\": 1}}"));
        Refused($$"""{"model": "m", "globalBatch": 1, "layers": [{{layers}}], "measured": [{{measured}}]}""", "p:1: measured[100000] is beyond the last that there may be; measured must hold from 1 to 100000.");

        static void Refused(string content, string message)
        {
            byte[] bytes = MalformedProfiles.Bytes(content);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(message, Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", bytes)).Message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24 << 20);
        }
    }
}

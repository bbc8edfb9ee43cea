using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

public sealed class ProfileLoadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_no_profile() =>
        Assert.Equal($"{_folder} is a folder; a profile must be a file.", Assert.Throws<IOException>(() => ProfileFile.Load(_folder)).Message);

    [Fact]
    public void A_missing_file_is_named()
    {
        string path = Path.Combine(_folder, "none.json");
        Assert.Equal($"Could not find file '{path}'.", Assert.Throws<FileNotFoundException>(() => ProfileFile.Load(path)).Message);
        Assert.Throws<DirectoryNotFoundException>(() => ProfileFile.Load(Path.Combine(_folder, "none", "none.json")));
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_unread()
    {
        string path = Path.Combine(_folder, "large.json");
        using (var file = File.Create(path)) file.SetLength((16 << 20) + 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(
            $"{path}: it holds 16777217 bytes; a profile must have at most 16777216.",
            Assert.Throws<ProfileFormatException>(() => ProfileFile.Load(path)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal(
            "p: it holds 16777217 bytes; a profile must have at most 16777216.",
            Assert.Throws<ProfileFormatException>(() => ProfileFile.Parse("p", new byte[(16 << 20) + 1])).Message);
    }

    [Fact]
    public void A_device_without_an_end_is_read_to_the_limit_only()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "There is no such device here.");
        Assert.Equal(
            "/dev/zero: it holds more bytes; a profile must have at most 16777216.",
            Assert.Throws<ProfileFormatException>(() => ProfileFile.Load("/dev/zero")).Message);
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_refused_by_its_first_wrong_byte()
    {
        byte[] content = MalformedProfiles.Bytes(MalformedProfiles.Sound);
        content[content.AsSpan().IndexOf("\"m\""u8) + 1] = 0xFF;
        string path = Path.Combine(_folder, "latin.json");
        File.WriteAllBytes(path, content);
        Assert.Equal($"{path}:2: byte 14 is 0xFF, which is not UTF-8; a profile must be UTF-8.", Assert.Throws<ProfileFormatException>(() => ProfileFile.Load(path)).Message);
        File.WriteAllText(path, MalformedProfiles.Sound, System.Text.Encoding.Unicode);
        Assert.Equal($"{path}:1: byte 0 is 0xFF, which is not UTF-8; a profile must be UTF-8.", Assert.Throws<ProfileFormatException>(() => ProfileFile.Load(path)).Message);
    }

    [Fact]
    public void A_byte_order_mark_comments_and_trailing_commas_are_read()
    {
        string path = Path.Combine(_folder, "marked.json");
        File.WriteAllText(path, "// ours\n" + MalformedProfiles.With("\"globalBatch\": 8,", "\"globalBatch\": 8.0, /* samples */").Replace("1.5}\n", "1.5},\n", StringComparison.Ordinal), System.Text.Encoding.UTF8);
        Assert.Equal(8, ProfileFile.Load(path).GlobalBatch);
    }

    [Theory]
    [InlineData("gpt-tiny", 15 * 500 + 35)]
    [InlineData("vgg11", 8 * 440 + 35)]
    [InlineData("resnet50", 1000 * 1.5 + 35)]
    public void The_plain_format_takes_what_was_measured_for_models_of_its_name(string model, double joinMs)
    {
        string path = Path.Combine(_folder, "plain.json");
        File.WriteAllText(path, $$"""
            {
             "model": "{{model}}", "globalBatch": 64, "microBatch": 32, "instanceType": "AWS p3.2xlarge (1 x V100 16 GB, 10 Gb/s)", "optimizer": "adam", "optimizerStatesPerParameter": 2, "bytesPerValue": 4,
             "pipelineDepth": {"min": 2, "max": 9, "excluded": [3]}, "pipelines": {"excluded": [1]}, "sequenceLength": null, "hiddenSize": null, "vocabulary": null,
             "layers": [
              {"parameters": 1251524.16, "forwardMs": 140.248, "backwardMs": 272.695, "optimizerMs": 8.359, "activationMiB": 10940.249},
              {"parameters": 1251524.16, "forwardMs": 140.248, "backwardMs": 272.695, "optimizerMs": 8.359, "activationMiB": 10940.249},
              {"parameters": 1251524.16, "forwardMs": 140.248, "backwardMs": 272.695, "optimizerMs": 8.359, "activationMiB": 10940.249},
              {"parameters": 1251524.16, "forwardMs": 140.248, "backwardMs": 272.695, "optimizerMs": 8.359, "activationMiB": 10940.249}
             ],
             "measured": [
              {"pipelines": 1, "depth": 2, "stepMs": 3000.5, "samplesPerSecond": 21.33},
              {"pipelines": 2, "depth": 3, "stepMs": 3000.5, "samplesPerSecond": 21.33},
              {"pipelines": 4, "depth": 2, "stepMs": 1000.5, "samplesPerSecond": 64}
             ],
             "modelBuildMs": {"2": 110, "4": 90}, "restartExtraMs": 2000, "processStartMs": 30
            }
            """);
        var profile = ProfileFile.Load(path);
        Assert.Equal((4, 12, 2, 2, 8), (profile.LayerCount, profile.StateBytesPerParameter, profile.MinDepth, profile.MaxDepth, profile.MinInstances));
        Assert.Equal((0, 0, 64), (profile.Throughput(1, 2), profile.Throughput(2, 3), profile.Throughput(4, 2)));
        var constants = profile.Reconfiguration!;
        Assert.Equal((6600, 14_000, 2000, 30, 110), (constants.RendezvousMs, constants.CheckpointMs, constants.RestartExtraMs, constants.ProcessStartMs, constants.ModelBuild(2)));
        Assert.Equal(joinMs, constants.Groups.Milliseconds(new Strategy(4, 2), joining: true));
        Assert.Same(TransferTable.TenGigabit, constants.Transfers);
        Assert.Equal(InstancePrices.P32XLarge, profile.Prices);
        Assert.Equal(ProfileFile.DefaultLinkBytesPerSecond, profile.LinkBytesPerSecond);
    }

    [Fact]
    public void Null_of_an_optional_member_is_the_same_as_nothing()
    {
        string text = MalformedProfiles.Sound;
        foreach (string member in (string[])["pipelineDepth", "pipelines", "prices", "modelBuildMs", "groups", "transferMs", "linkBytesPerSecond"])
        {
            int at = text.IndexOf($"\"{member}\": ", StringComparison.Ordinal) + member.Length + 4, end = text.IndexOf(",\n", at, StringComparison.Ordinal);
            text = $"{text[..at]}null{text[end..]}";
        }

        var profile = ProfileFile.Parse("p", MalformedProfiles.Bytes(text));
        Assert.Equal((null, null, ProfileFile.DefaultLinkBytesPerSecond), (profile.Reconfiguration, profile.Prices, profile.LinkBytesPerSecond));
    }

    [Theory]
    [InlineData("communicators", 9 * 3 + 35)]
    [InlineData("instances", 4 * 3 + 35)]
    public void Groups_are_of_three_kinds(string kind, double ms)
    {
        string text = MalformedProfiles.With("\"pipelines\", \"steps\": [[4, 20], [0, 10]], \"joinFactor\": 1.5", $"\"{kind}\", \"joinMs\": 5, \"leaveMs\": 3");
        Assert.Equal(ms, ProfileFile.Parse("p", MalformedProfiles.Bytes(text)).Reconfiguration!.Groups.Milliseconds(new Strategy(2, 2), joining: false));
        Assert.Equal(15 + 35, ProfileFile.Parse("p", MalformedProfiles.Bytes(MalformedProfiles.Sound)).Reconfiguration!.Groups.Milliseconds(new Strategy(2, 2), joining: true));
    }

    [Fact]
    public void Transfers_are_sorted_by_size_and_may_be_noisy()
    {
        string text = MalformedProfiles.With("{\"10\": 1, \"1000\": 50}", "{\"1000\": 0.9, \"20\": 0.8, \"10\": 1}");
        Assert.Equal([(10, 1), (20, 0.8), (1000, 0.9)], ProfileFile.Parse("p", MalformedProfiles.Bytes(text)).Reconfiguration!.Transfers.Points);
    }
}
